//! The event of a failure, as it was when the failure was made.

use std::fmt::{self, Write};
use std::sync::Arc;

use crate::event::any::AnyEvent;
#[cfg(feature = "serde")]
use crate::event::json::write::{WriteFailure, Written};
use crate::meta::Meta;
use crate::panics;

/// The most bytes of an event that are shown.
const MOST: usize = 1024;

/// The event of a failure.
pub(crate) struct Snapshot {
    meta: Meta,
    /// The event, masked and cut.
    payload: Box<str>,
    #[cfg(feature = "serde")]
    pub(crate) data: EventData,
}

/// A serialized `wire` event.
#[cfg(feature = "serde")]
pub(crate) enum EventData {
    NotWire,
    Written(Written),
    Failed(WriteFailure),
    Panicked,
}

impl Snapshot {
    /// Shows and serializes the event. Both are the user's code, and panics are caught.
    pub(crate) fn of(event: &dyn AnyEvent, meta: Meta) -> Arc<Self> {
        let mut shown = Shown::default();
        if panics::catch(|| write!(shown, "{event:?}")).is_err() {
            shown.text.push_str("… (its `Debug` panicked)");
        } else if shown.is_cut {
            shown.text.push('…');
        }
        Arc::new(Self {
            meta,
            payload: shown.text.into(),
            #[cfg(feature = "serde")]
            data: match panics::catch(|| event.data()) {
                Ok(None) => EventData::NotWire,
                Ok(Some(Ok(written))) => EventData::Written(written),
                Ok(Some(Err(error))) => EventData::Failed(error),
                Err(_) => EventData::Panicked,
            },
        })
    }

    pub(crate) fn meta(&self) -> &Meta {
        &self.meta
    }

    pub(crate) fn payload(&self) -> &str {
        &self.payload
    }
}

/// Keeps the start of a text.
#[derive(Default)]
struct Shown {
    text: String,
    is_cut: bool,
}

impl Write for Shown {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MOST - self.text.len();
        if text.len() <= room {
            self.text.push_str(text);
            return Ok(());
        }
        self.is_cut = true;
        self.text.push_str(&text[..text.floor_char_boundary(room)]);
        // The error ends the formatting.
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use crate::report::snapshot::*;

    fn shown(parts: &[&str]) -> (String, bool) {
        let mut shown = Shown::default();
        let all = parts.iter().try_for_each(|part| shown.write_str(part));
        assert_eq!(all.is_err(), shown.is_cut);
        (shown.text, shown.is_cut)
    }

    #[test]
    fn a_text_is_cut_between_two_characters() {
        assert_eq!(shown(&["a", "b"]), ("ab".to_owned(), false));
        let full = "a".repeat(MOST);
        assert_eq!(shown(&[&full]), (full.clone(), false));
        assert_eq!(shown(&[&full, "b"]), (full.clone(), true));
        // One byte is left, and the character has two.
        let (text, is_cut) = shown(&[&full[1..], "é"]);
        assert_eq!((text.as_str(), is_cut), (&full[1..], true));
    }
}
