//! `events doctor`: what is probably a mistake.

use std::fmt::Write as _;

use clap::Args;

use super::Reply;
use super::cargo::CargoArgs;
use super::describe::counted;
use super::finding::write_finding;
use super::terminal::Terminal;
use crate::catalog::Catalog;
use crate::doctor::{Finding, Severity, examine};

/// The arguments of `events doctor`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
Found are: event types with one name; handlers that wait for each other; events with too few or too many handlers; patterns that match
nothing; packages with handlers that the program depends on and that are not linked, where `cargo metadata` says
so; events that lead to each other; events without handlers; async handlers without a timeout; `wire` events
without a schema; in a schema, references that lead nowhere, examples and defaults that do not fit it, and titles that
two events have, which the parser of AsyncAPI documents lets pass.

Not known is what code outside of handlers emits, and what a dispatcher leaves out.

Examples:
  cargo run -- events doctor
  cargo run -- events doctor --strict          in CI
  ./shop events doctor --package shop          a program that cargo does not run

Exit status: 0, or 1 if there is an error; with --strict also if there is a warning.")]
#[non_exhaustive]
pub struct DoctorArgs {
    /// Fail if there is a warning
    #[arg(long)]
    pub strict: bool,

    /// Write JSON
    #[arg(long)]
    pub json: bool,

    /// What is asked of cargo.
    #[command(flatten)]
    pub cargo: CargoArgs,
}

pub(super) fn doctor(catalog: &Catalog, arguments: &DoctorArgs, terminal: &Terminal) -> Reply {
    let mut findings = match arguments.cargo.findings(catalog) {
        Ok(findings) => findings,
        Err(error) => return Reply::failure(error),
    };
    findings.extend(examine(catalog));
    findings.sort_by_key(|finding| finding.severity);
    let is_bad = |finding: &Finding| match finding.severity {
        Severity::Error => true,
        Severity::Warning => arguments.strict,
        Severity::Note => false,
    };
    let status = u8::from(findings.iter().any(is_bad));
    let reply = if arguments.json {
        Reply::json(&findings)
    } else {
        Reply::text(text(&findings, terminal))
    };
    Reply { status, ..reply }
}

fn text(findings: &[Finding], terminal: &Terminal) -> String {
    let mut out = String::new();
    for finding in findings {
        write_finding(&mut out, finding, terminal);
    }
    let count = |severity| {
        let findings = findings.iter();
        findings.filter(|it| it.severity == severity).count()
    };
    let _ = writeln!(
        out,
        "{}, {}, {}",
        counted(count(Severity::Error), "error", "errors"),
        counted(count(Severity::Warning), "warning", "warnings"),
        counted(count(Severity::Note), "note", "notes")
    );
    out
}
