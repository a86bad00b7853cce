//! What CI services show beside the changed lines.

use std::fmt::Write as _;

use serde::Serialize;

use crate::catalog::Place;
use crate::doctor::{Finding, Severity};
use crate::lock::{Change, Check, headline};

/// What is said of a change or a finding.
struct Annotation<'a> {
    severity: Severity,
    /// The name of its kind.
    name: String,
    place: Option<&'a Place>,
    /// One line, which tells it from others, also when its place moves.
    headline: String,
    message: String,
}

/// Writes a workflow command of GitHub for each change, and for each finding.
pub(super) fn github(check: &Check) -> String {
    let mut out = String::new();
    for annotation in annotations(check) {
        let severity = match annotation.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let _ = write!(out, "::{severity} ");
        if let Some(place) = annotation.place {
            let file = property(&place.file.replace('\\', "/"));
            let _ = write!(out, "file={file},line={},", place.line);
        }
        let title = property(&annotation.name);
        let _ = writeln!(out, "title={title}::{}", escaped(&annotation.message));
    }
    out
}

/// An entry of a code quality report.
#[derive(Serialize)]
pub(super) struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// Returns the code quality report of GitLab.
pub(super) fn gitlab(check: &Check) -> Vec<Issue> {
    let issues = annotations(check).map(|annotation| {
        let (path, begin) = match annotation.place {
            Some(place) => (place.file.replace('\\', "/"), place.line),
            None => ("events.lock".to_owned(), 1),
        };
        Issue {
            fingerprint: fingerprint(&annotation.headline),
            description: annotation.message,
            check_name: annotation.name,
            severity: match annotation.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
                Severity::Note => "info",
            },
            location: Location {
                path,
                lines: Lines { begin },
            },
        }
    });
    issues.collect()
}

fn annotations(check: &Check) -> impl Iterator<Item = Annotation<'_>> {
    let changes = check.changes().iter().map(of_change);
    changes.chain(check.findings().iter().map(of_finding))
}

fn of_change(change: &Change) -> Annotation<'_> {
    let headline = headline(change);
    let mut message = headline.clone();
    if let Some(witness) = &change.witness {
        let _ = write!(message, "\nsuch as {witness}");
    }
    if !change.help.is_empty() {
        let _ = write!(message, "\nhelp: {}", change.help);
    }
    Annotation {
        severity: change.severity,
        name: change.rule.to_string(),
        place: change.place.as_ref(),
        headline,
        message,
    }
}

fn of_finding(finding: &Finding) -> Annotation<'_> {
    let mut message = finding.message.clone();
    if !finding.help.is_empty() {
        let _ = write!(message, "\nhelp: {}", finding.help);
    }
    Annotation {
        severity: finding.severity,
        name: finding.kind.as_str().to_uppercase(),
        place: finding.places.first(),
        headline: finding.message.clone(),
        message,
    }
}

/// Returns a text as the message of a workflow command.
fn escaped(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Returns a text as the value of a workflow command's property.
fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns a short form of a headline: FNV-1a, which is the same with every version of Rust.
fn fingerprint(headline: &str) -> String {
    let hash = headline
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
}
