//! Which event a failure is about, as it was when the failure was made.

use std::fmt::{self, Write};
use std::sync::Arc;

use crate::event::any::AnyEvent;
#[cfg(feature = "serde")]
use crate::event::info::EventInfo;
#[cfg(feature = "serde")]
use crate::event::json::write::{Unwritten, Written};
use crate::meta::Meta;
use crate::panics;
#[cfg(feature = "serde")]
use crate::wire::codec::Codec;
#[cfg(feature = "serde")]
use crate::wire::error::EncodeError;

/// How many bytes of an event are shown.
const MOST: usize = 1024;

/// Which event a failure is about.
pub(crate) struct Snapshot {
    meta: Meta,
    /// The event, masked and cut.
    payload: Box<str>,
    #[cfg(feature = "serde")]
    data: Data,
}

/// A `wire` event as it was written.
#[cfg(feature = "serde")]
enum Data {
    NotWire,
    Written(Written),
    Failed(Unwritten),
    Panicked,
}

impl Snapshot {
    /// Shows and writes the event. Both are the user's code, and isolated.
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
                Ok(None) => Data::NotWire,
                Ok(Some(Ok(written))) => Data::Written(written),
                Ok(Some(Err(error))) => Data::Failed(error),
                Err(_) => Data::Panicked,
            },
        })
    }

    pub(crate) fn meta(&self) -> &Meta {
        &self.meta
    }

    pub(crate) fn payload(&self) -> &str {
        &self.payload
    }

    #[cfg(feature = "serde")]
    pub(crate) fn envelope(
        &self,
        info: &'static EventInfo,
        codec: &Codec,
    ) -> Result<String, EncodeError> {
        let (event, version) = (info.name(), info.version());
        match &self.data {
            Data::NotWire => Err(EncodeError::NotWire { event }),
            Data::Written(data) => codec.encode_written(info, data, &self.meta),
            Data::Failed(Unwritten::Serialize(error)) => Err(EncodeError::Serialize {
                event,
                version,
                source: serde::ser::Error::custom(error),
            }),
            Data::Failed(Unwritten::Refused { why, path }) => {
                Err(EncodeError::refused(event, version, *why, path.clone()))
            }
            Data::Panicked => Err(EncodeError::Panicked { event, version }),
        }
    }
}

/// Takes the start of a text.
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
        // Whoever writes need not go on.
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
