//! The counts of what is in a journal, and what is not.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::box_error::Chain;
use crate::counted::Counted;
use crate::wire::journal::unwritten::UnwrittenEvent;

/// What a [`JournalWriter`](crate::wire::journal::writer::JournalWriter) wrote, and what it could not
/// write.
#[derive(Clone, Debug, Default)]
#[must_use = "it tells which events are not in the journal"]
pub struct JournalSummary {
    pub(crate) written: u64,
    pub(crate) bytes: u64,
    pub(crate) missed: Vec<UnwrittenEvent>,
    pub(crate) error: Option<Arc<io::Error>>,
    pub(crate) lost: u64,
    pub(crate) late: u64,
    pub(crate) torn: u64,
    pub(crate) not_rotated: Option<Arc<io::Error>>,
}

impl JournalSummary {
    /// Returns how many events were written.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Returns how many bytes were written.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the events that could not be serialized, by their name and the reason.
    #[must_use]
    pub fn missed(&self) -> &[UnwrittenEvent] {
        &self.missed
    }

    /// Returns the error of the writer, if it failed. Nothing was written after that.
    #[must_use]
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_deref()
    }

    /// Returns how many events were not written because the writer had failed. Some of those that were
    /// being written when it failed may be in the journal nevertheless, the last of them incomplete.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Returns how many events were emitted after the journal was finished.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Returns the number of bytes at the end of the journal that was
    /// [appended](crate::wire::journal::builder::JournalBuilder::append) to, if they were no whole event,
    /// since the program that wrote it was stopped in the middle; 0 otherwise.
    #[must_use]
    pub fn torn(&self) -> u64 {
        self.torn
    }

    /// Returns why the next journal could not be started, the last time that this failed. The current
    /// journal continued, and lacks no event.
    #[must_use]
    pub fn not_rotated(&self) -> Option<&io::Error> {
        self.not_rotated.as_deref()
    }

    /// Whether a replay will have all that happened: each event was written, or is one that is not `wire`
    /// and that a handler causes again.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.error.is_none()
            && self.lost + self.late == 0
            && self.missed.iter().all(|missed| missed.lacking() == 0)
    }
}

/// Shows the count of written events in one line, then those that were not written, each kind in a line
/// of its own.
impl fmt::Display for JournalSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} written", Counted::events(self.written))?;
        if self.torn > 0 {
            let torn = Counted::new(self.torn, "byte", "bytes");
            write!(f, "\n  after {torn} of an event that was not written whole")?;
        }
        if let Some(error) = &self.not_rotated {
            write!(f, "\n  not rotated: {error}")?;
        }
        for missed in &self.missed {
            write!(f, "\n  not written: {missed}")?;
        }
        if let Some(error) = &self.error {
            let (lost, error) = (Counted::events(self.lost), Chain(&**error));
            write!(f, "\n  not written: {lost}: {error}")?;
        }
        if self.late > 0 {
            let late = Counted::events(self.late);
            write!(f, "\n  not written: {late} after the journal was finished")?;
        }
        Ok(())
    }
}
