//! The text of what was found.

use std::fmt::Write as _;

use super::terminal::{Style, Terminal};
use crate::doctor::{Finding, Severity};

/// Writes a finding with what to do about it and its places.
pub(crate) fn write_finding(out: &mut String, finding: &Finding, terminal: &Terminal) {
    write_headline(out, finding.severity, &finding.message, terminal);
    if !finding.help.is_empty() {
        terminal.wrap(out, 2, &format!("help: {}", finding.help));
    }
    for place in &finding.places {
        let _ = writeln!(out, "  {}", terminal.paint(Style::Dim, &place.to_string()));
    }
}

/// Writes a text with its severity before it, which has a colour.
pub(crate) fn write_headline(
    out: &mut String,
    severity: Severity,
    text: &str,
    terminal: &Terminal,
) {
    let style = match severity {
        Severity::Error => Style::Error,
        Severity::Warning => Style::Warning,
        Severity::Note => Style::Dim,
    };
    let severity = severity.as_str();
    let mut wrapped = String::new();
    terminal.wrap(&mut wrapped, 0, &format!("{severity}: {text}"));
    let rest = wrapped.strip_prefix(severity).unwrap_or_default();
    let _ = write!(out, "{}{rest}", terminal.paint(style, severity));
}
