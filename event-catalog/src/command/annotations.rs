//! What CI services show beside the changed lines.

use std::fmt::Write as _;

use serde::Serialize;

use crate::doctor::Severity;
use crate::lock::{Change, Check, headline};

/// Writes a workflow command of GitHub for each change.
pub(super) fn github(check: &Check) -> String {
    let mut out = String::new();
    for change in check.changes() {
        let severity = match change.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let _ = write!(out, "::{severity} ");
        if let Some(place) = &change.place {
            let file = property(&place.file.replace('\\', "/"));
            let _ = write!(out, "file={file},line={},", place.line);
        }
        let title = property(&change.rule.to_string());
        let _ = writeln!(out, "title={title}::{}", escaped(&message(change)));
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
    let issues = check.changes().iter().map(|change| {
        let (path, begin) = match &change.place {
            Some(place) => (place.file.replace('\\', "/"), place.line),
            None => ("events.lock".to_owned(), 1),
        };
        Issue {
            description: message(change),
            check_name: change.rule.to_string(),
            fingerprint: fingerprint(change),
            severity: match change.severity {
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

fn message(change: &Change) -> String {
    let mut message = headline(change);
    if let Some(witness) = &change.witness {
        let _ = write!(message, "\nsuch as {witness}");
    }
    if !change.help.is_empty() {
        let _ = write!(message, "\nhelp: {}", change.help);
    }
    message
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

/// Returns what tells a change from others, also when its place moves: FNV-1a, which is the same with every
/// version of Rust.
fn fingerprint(change: &Change) -> String {
    let bytes = headline(change).into_bytes().into_iter();
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
