//! The command line.

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

use clap::Parser;
use event_core::BoxError;
use shop_audit::AuditLog;

const SAMPLE: &[u8] = include_bytes!("../data/cdnow_sample.txt");

/// Replays the purchases of a CD shop through its modules, and sums up what happened.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The purchases, one a line [default: the sample that comes with the program]
    file: Option<PathBuf>,

    /// Write every event to FILE, one JSON object a line; a file that is there is replaced
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Columns, parted by blanks:
  customer, customer in the sample, date, CDs, amount     without a header
  customer, date, CDs, amount                             with a header
  A date is YYYYMMDD, an amount is US dollars like 29.33.
  Malformed lines are named, counted and left out.

Exit status:
  0  the purchases were replayed, with or without malformed lines
  1  they were, but the audit file or the summary could not be written whole
  2  nothing was replayed: wrong usage, or a file that is missing, empty or without a valid line";

impl Args {
    /// What the purchases are called in messages.
    pub(crate) fn source(&self) -> String {
        self.file.as_deref().map_or_else(
            || "the CDNOW sample".into(),
            |file| file.display().to_string(),
        )
    }

    /// The purchases, as yet unread.
    pub(crate) fn read(&self) -> Result<Cow<'static, [u8]>, BoxError> {
        let Some(file) = &self.file else {
            return Ok(Cow::Borrowed(SAMPLE));
        };
        match fs::read(file) {
            Ok(bytes) => Ok(Cow::Owned(bytes)),
            Err(error) => Err(format!("cannot read {}: {error}", file.display()).into()),
        }
    }

    /// The file for the audit, if one is wanted.
    pub(crate) fn create_audit(&self) -> Result<Option<AuditLog>, BoxError> {
        let Some(audit) = &self.audit else {
            return Ok(None);
        };
        if self
            .file
            .as_deref()
            .is_some_and(|file| is_same(file, audit))
        {
            return Err(format!(
                "{} has the purchases; the audit would replace it",
                audit.display()
            )
            .into());
        }
        match AuditLog::create(audit) {
            Ok(log) => Ok(Some(log)),
            Err(error) => Err(format!("cannot create {}: {error}", audit.display()).into()),
        }
    }
}

/// Whether two paths lead to one file; a path that leads nowhere is no other's.
fn is_same(one: &Path, other: &Path) -> bool {
    let same = || Ok::<_, io::Error>(one.canonicalize()? == other.canonicalize()?);
    same().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Args;

    #[test]
    fn the_command_line_is_declared_without_contradictions() {
        Args::command().debug_assert();
    }
}
