//! Events that are not in a journal, by their name and the reason.

use std::fmt;
use std::mem;
use std::sync::Arc;

use crate::box_error::Chain;
use crate::wire::error::EncodeError;

/// Events of one type that a [`JournalWriter`](crate::wire::journal::writer::JournalWriter) could not
/// write, all for one reason.
#[derive(Clone, Debug)]
pub struct UnwrittenEvent {
    event: &'static str,
    count: u64,
    roots: u64,
    why: Arc<EncodeError>,
}

impl UnwrittenEvent {
    /// Returns the name of the event.
    #[must_use]
    pub fn event(&self) -> &'static str {
        self.event
    }

    /// Returns how many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns why the first of them was not written.
    #[must_use]
    pub fn why(&self) -> &EncodeError {
        &self.why
    }

    /// Returns how many events a replay will lack. An event that is not `wire` and that a handler caused
    /// is not counted, since its handler causes it again.
    #[must_use]
    pub fn lacking(&self) -> u64 {
        if matches!(*self.why, EncodeError::NotWire { .. }) {
            self.roots
        } else {
            self.count
        }
    }

    /// Counts one more event in `all`; returns why it was not written, if it is the first of its kind.
    pub(crate) fn add(
        all: &mut Vec<Self>,
        event: &'static str,
        is_root: bool,
        why: EncodeError,
    ) -> Option<Arc<EncodeError>> {
        let kind = mem::discriminant(&why);
        let same = all
            .iter_mut()
            .find(|missed| missed.event == event && mem::discriminant(&*missed.why) == kind);
        if let Some(missed) = same {
            missed.count += 1;
            missed.roots += u64::from(is_root);
            return None;
        }
        let why = Arc::new(why);
        all.push(Self {
            event,
            count: 1,
            roots: u64::from(is_root),
            why: Arc::clone(&why),
        });
        Some(why)
    }
}

impl fmt::Display for UnwrittenEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            event, count, why, ..
        } = self;
        write!(f, "{count} of `{event}`: {}", Chain(&**why))?;
        let again = count - self.lacking();
        if again == 0 {
            return Ok(());
        }
        if again == *count {
            f.write_str("; handlers cause them again in a replay")
        } else {
            write!(f, "; handlers cause {again} of them again in a replay")
        }
    }
}
