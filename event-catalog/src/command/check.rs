//! `events check`: whether changed events are read.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::terminal::Terminal;
use super::{CargoArgs, Reply, annotations, lock};
use crate::catalog::Catalog;
use crate::doctor::{Finding, Severity};
use crate::lock::{Change, Check, CheckOptions, Directions, Lock};

/// The arguments of `events check`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
Backward breaks a change after which this program cannot read what older ones wrote: journals, stores, the backlog
of a broker. Forward breaks one after which older programs, which still run, cannot read what this one writes.
Each break is shown by data that one of them writes and the other refuses.

Events are seen if they are linked. Where `cargo metadata` is there, packages with handlers that the program depends
on and that are not linked are warnings; where it is not, that is a note.

Examples:
  events check
  events check --direction backward
  events check --strict --locked --format github    in CI
  ./shop events check --no-cargo                    a program that cargo does not run

Exit status: 0, 1 if a change breaks readers, or 2 if the lock cannot be read, or there is no package of the given
name. With --strict also 1 if something cannot be told, a `wire` event has no schema, or a package is not linked;
with --locked also 1 if the lock is not up to date.")]
#[non_exhaustive]
pub struct CheckArgs {
    /// The file [default: events.lock, in the package's folder under cargo]
    #[arg(long, value_name = "FILE")]
    pub lock: Option<PathBuf>,

    /// Which changes are checked [default: as the lock says]
    #[arg(long, value_name = "WHICH", value_enum)]
    pub direction: Option<Directions>,

    /// Fail also if something cannot be told, a `wire` event has no schema, or a package is not linked
    #[arg(long)]
    pub strict: bool,

    /// Fail also if the lock is not up to date
    #[arg(long)]
    pub locked: bool,

    /// What to write
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        conflicts_with = "json"
    )]
    pub format: CheckFormat,

    /// Write JSON, as `--format json` does
    #[arg(long)]
    pub json: bool,

    /// What is asked of cargo.
    #[command(flatten)]
    pub cargo: CargoArgs,
}

/// A format of what `events check` finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum CheckFormat {
    /// Text.
    #[default]
    Text,
    /// JSON, with all that is known.
    Json,
    /// Annotations that GitHub shows beside the changed lines.
    Github,
    /// A code quality report of GitLab.
    Gitlab,
}

/// What is written as JSON.
#[derive(Serialize)]
struct Report<'a> {
    is_compatible: bool,
    is_current: bool,
    direction: Directions,
    lock: &'a str,
    changes: &'a [Change],
    findings: &'a [Finding],
}

pub(super) fn check(catalog: &Catalog, arguments: &CheckArgs, terminal: &Terminal) -> Reply {
    let path = lock::path(arguments.lock.as_deref());
    let (text, lock) = match Lock::read_with_text(&path) {
        Ok(read) => read,
        Err(error) => return lock::unusable(&path, &error),
    };
    let findings = match findings(catalog, arguments) {
        Ok(findings) => findings,
        Err(error) => {
            return Reply {
                status: 2,
                ..Reply::failure(error)
            };
        }
    };
    let is_linked = findings.iter().all(|it| it.severity != Severity::Error);
    let shown = path.display().to_string();
    let mut options = CheckOptions::default();
    (options.directions, options.strict) = (arguments.direction, arguments.strict);
    let check = catalog.check(&lock, options);
    let check = check.with_lock_file(&shown, &text).with_findings(findings);
    let is_outdated = arguments.locked && !check.is_current();
    let status = u8::from(!check.is_compatible() || is_outdated || !is_linked);
    let format = if arguments.json {
        CheckFormat::Json
    } else {
        arguments.format
    };
    let reply = match format {
        CheckFormat::Text => Reply::text(check.text(terminal, &lock::command())),
        CheckFormat::Json => Reply::json(&report(&check, &shown)),
        CheckFormat::Github => Reply::text(annotations::github(&check)),
        CheckFormat::Gitlab => Reply::json(&annotations::gitlab(&check)),
    };
    let error = if is_outdated {
        format!(
            "the lock `{shown}` is not up to date; `{}` writes it",
            lock::command()
        )
    } else {
        String::new()
    };
    Reply {
        error,
        status,
        ..reply
    }
}

/// Finds the packages that are not linked, whose events and handlers the check does not see.
fn findings(catalog: &Catalog, arguments: &CheckArgs) -> Result<Vec<Finding>, String> {
    let mut findings = arguments.cargo.findings(catalog)?;
    for finding in &mut findings {
        // What is there is compared nevertheless.
        if finding.severity == Severity::Error && !arguments.strict {
            finding.severity = Severity::Warning;
        }
    }
    Ok(findings)
}

fn report<'a>(check: &'a Check, lock: &'a str) -> Report<'a> {
    Report {
        is_compatible: check.is_compatible(),
        is_current: check.is_current(),
        direction: check.directions(),
        lock,
        changes: check.changes(),
        findings: check.findings(),
    }
}
