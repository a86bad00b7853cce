//! `events doctor`: what is probably a mistake.

use std::env;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::Reply;
use super::describe::counted;
use super::terminal::{Style, Terminal};
use crate::catalog::Catalog;
use crate::doctor::{
    Finding, HandlerPackage, Severity, examine, examine_packages, handler_packages,
};

/// The arguments of `events doctor`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
Found are: event types with one name; handlers that wait for each other; events with too few or too many handlers; patterns that match
nothing; packages with handlers that the program depends on and that are not linked, where `cargo metadata` says
so; events that lead to each other; events without handlers; async handlers without a timeout; `wire` events
without a schema.

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

    /// The package of this program, in the workspace of the current folder [default: what cargo runs]
    #[arg(long, value_name = "NAME")]
    pub package: Option<String>,

    /// Ask nothing of cargo
    #[arg(long, conflicts_with = "package")]
    pub no_cargo: bool,
}

pub(super) fn doctor(catalog: &Catalog, arguments: &DoctorArgs, terminal: &Terminal) -> Reply {
    let mut findings = Vec::new();
    let mut unknown = None;
    if !arguments.no_cargo {
        match packages(arguments) {
            Ok(packages) => findings.extend(examine_packages(catalog, &packages)),
            // The package that was named must be examined.
            Err(error) if arguments.package.is_some() => return Reply::failure(error),
            Err(error) => unknown = Some(error),
        }
    }
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
        Reply::text(text(&findings, unknown.as_deref(), terminal))
    };
    Reply { status, ..reply }
}

/// Returns the packages with handlers that the program depends on, or why they are not known.
fn packages(arguments: &DoctorArgs) -> Result<Vec<HandlerPackage>, String> {
    let run = env::var("CARGO_PKG_NAME").ok();
    let name = arguments.package.as_deref().or(run.as_deref());
    let name = name.ok_or("cargo does not run this program; name its package with `--package`")?;
    // Of a program that cargo runs it is the package's folder.
    let folder = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| ".".into(), PathBuf::from);
    handler_packages(&folder, name).map_err(|error| error.to_string())
}

fn text(findings: &[Finding], unknown: Option<&str>, terminal: &Terminal) -> String {
    let mut out = String::new();
    for finding in findings {
        let style = match finding.severity {
            Severity::Error => Style::Error,
            Severity::Warning => Style::Warning,
            Severity::Note => Style::Dim,
        };
        let mut wrapped = String::new();
        let severity = finding.severity.as_str();
        terminal.wrap(&mut wrapped, 0, &format!("{severity}: {}", finding.message));
        let rest = wrapped.strip_prefix(severity).unwrap_or_default();
        let _ = write!(out, "{}{rest}", terminal.paint(style, severity));
        if !finding.help.is_empty() {
            terminal.wrap(&mut out, 2, &format!("help: {}", finding.help));
        }
        for place in &finding.places {
            let _ = writeln!(out, "  {}", terminal.paint(Style::Dim, &place.to_string()));
        }
    }
    if let Some(why) = unknown {
        let mut lines = why.lines();
        let first = lines.next().unwrap_or_default();
        terminal.wrap(
            &mut out,
            0,
            &format!("note: whether handlers of dependencies are missing is not known: {first}"),
        );
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
