//! The text of a check.

use std::fmt::{self, Write as _};

use super::{Change, Check};
use crate::command::describe::counted;
use crate::command::finding::{write_finding, write_headline};
use crate::command::{Style, Terminal};
use crate::compat::Direction;
use crate::doctor::Severity;

impl Check {
    /// Writes the text for a reader. `command` is what is typed for `events lock`.
    pub(crate) fn text(&self, terminal: &Terminal, command: &str) -> String {
        let mut out = String::new();
        for change in &self.changes {
            write_change(&mut out, change, terminal);
        }
        for finding in &self.findings {
            write_finding(&mut out, finding, terminal);
        }
        let _ = writeln!(out, "{}", self.summary());
        if let Some(help) = self.help(command) {
            terminal.wrap(&mut out, 0, &help);
        }
        out
    }

    fn summary(&self) -> String {
        let count = |severity| {
            let changes = self.changes.iter().map(|change| change.severity);
            let findings = self.findings.iter().map(|finding| finding.severity);
            changes.chain(findings).filter(|it| *it == severity).count()
        };
        format!(
            "{}, {}, {}; {} against the lock, {}",
            counted(count(Severity::Error), "error", "errors"),
            counted(count(Severity::Warning), "warning", "warnings"),
            counted(count(Severity::Note), "note", "notes"),
            counted(self.count, "event", "events"),
            self.directions
        )
    }

    /// Says what to type next; nothing if the lock is as it would be written.
    fn help(&self, command: &str) -> Option<String> {
        if !self.is_compatible() {
            return Some(format!(
                "help: if nobody reads the other form any more, `{command} --accept-breaking` has the lock say what \
                 is there now"
            ));
        }
        let help = format!("help: the lock is not up to date: `{command}` writes it");
        (!self.is_current()).then_some(help)
    }
}

fn write_change(out: &mut String, change: &Change, terminal: &Terminal) {
    write_headline(out, change.severity, &headline(change), terminal);
    match &change.witness {
        // It is to be copied, so it stays in one line.
        Some(witness) => {
            let _ = writeln!(out, "  such as {witness}");
        }
        None if change.severity == Severity::Error && change.direction.is_some() => {
            let _ = writeln!(out, "  no example of it is known");
        }
        None => {}
    }
    if !change.help.is_empty() {
        terminal.wrap(out, 2, &format!("help: {}", change.help));
    }
    if let Some(place) = &change.place {
        let _ = writeln!(out, "  {}", terminal.paint(Style::Dim, &place.to_string()));
    }
}

/// Returns the rule, the event, the place in its data, who breaks, and what changed, in one line.
pub(crate) fn headline(change: &Change) -> String {
    let mut line = format!("{} in `{}`", change.rule, change.event);
    if !change.pointer.is_empty() {
        let _ = write!(line, " at `{}`", change.pointer);
    }
    match change.direction {
        Some(Direction::Backward) => line.push_str(", backward"),
        Some(Direction::Forward) => line.push_str(", forward"),
        None => {}
    }
    let _ = write!(line, ": {}", change.message);
    line
}

/// Writes the text of `events check`.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(&Terminal::plain(), "events lock"))
    }
}
