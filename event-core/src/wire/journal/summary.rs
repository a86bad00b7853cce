//! What is in a record, and what is not.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::box_error::Chain;
use crate::wire::journal::unwritten::UnwrittenEvent;

/// What a [`JournalWriter`](crate::wire::journal::writer::JournalWriter) wrote, and what it could not.
#[derive(Clone, Debug, Default)]
#[must_use = "it says what is not in the record"]
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
    /// How many events were written.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// How many bytes they are.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The events that could not be written as they are, by their name and the reason.
    #[must_use]
    pub fn missed(&self) -> &[UnwrittenEvent] {
        &self.missed
    }

    /// What the writer answered when it failed. Nothing was written from then on.
    #[must_use]
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_deref()
    }

    /// Events that were not written because the writer had failed. Some of those that it failed on may
    /// be in the record all the same, the last of them not whole.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Events that were emitted after the record was finished.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.late
    }

    /// The bytes at the end of the record that was [appended](crate::wire::journal::builder::JournalBuilder::append) to, if they
    /// were no whole event: whoever wrote it was stopped in the middle. 0 if there are none.
    #[must_use]
    pub fn torn(&self) -> u64 {
        self.torn
    }

    /// Why the next record could not be begun, the last time that this failed. The record went on where it
    /// was, and lacks nothing.
    #[must_use]
    pub fn not_rotated(&self) -> Option<&io::Error> {
        self.not_rotated.as_deref()
    }

    /// Whether a replay will have all that happened: each event was written, or is one that is not
    /// `wire` and that a handler causes again.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.error.is_none()
            && self.lost + self.late == 0
            && self.missed.iter().all(|missed| missed.lacking() == 0)
    }
}

/// The count of what was written in one line, then what was not, each in a line of its own.
impl fmt::Display for JournalSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} written", Events(self.written))?;
        if self.torn > 0 {
            let torn = self.torn;
            write!(
                f,
                "\n  behind {torn} bytes of an event that was not written whole"
            )?;
        }
        if let Some(error) = &self.not_rotated {
            write!(f, "\n  not rotated: {error}")?;
        }
        for missed in &self.missed {
            write!(f, "\n  not written: {missed}")?;
        }
        if let Some(error) = &self.error {
            let (lost, error) = (Events(self.lost), Chain(&**error));
            write!(f, "\n  not written: {lost}: {error}")?;
        }
        if self.late > 0 {
            let late = Events(self.late);
            write!(f, "\n  not written: {late} after the record was finished")?;
        }
        Ok(())
    }
}

struct Events(u64);

impl fmt::Display for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 event"),
            count => write!(f, "{count} events"),
        }
    }
}
