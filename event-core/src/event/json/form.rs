//! Writes and reads one event type as JSON: what the derive generates for a `wire` event.

#![allow(
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::fmt::{self, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::Error;
use serde_json::{Value, value};

use crate::event::Event;
use crate::event::json::mask::Masking;
use crate::event::json::path::{OwnFields, RedactedFields};
use crate::event::json::read::{DataError, read_json};
use crate::event::json::write::{
    Attributes, WriteFailure, Written, envelope, lost_in_buffer, written,
};
use crate::event::masking;
use crate::event::masking::Located;
use crate::event::redacted::MASK;

/// The serializer of keys.
pub type KeyWriter = serde_json::Serializer<Vec<u8>>;

type Key<E> = fn(&E, &mut KeyWriter) -> Result<(), serde_json::Error>;

type Masked<E> = fn(&E, Masking<value::Serializer>) -> Result<Value, serde_json::Error>;

/// Writes an envelope, given the text of the key and the places of the redacted fields.
type WriteEnvelope<E> =
    fn(&E, Option<&str>, &RedactedFields, &Attributes<'_>) -> Result<String, WriteFailure>;

/// The functions of one type, so that its bounds are checked once.
pub struct WireForm<E> {
    masked: Masked<E>,
    key: Option<Key<E>>,
    write: WriteEnvelope<E>,
    data: fn(&E, Option<&str>, &RedactedFields) -> Result<Written, WriteFailure>,
    lost_in_buffer: fn(&E, &RedactedFields) -> Option<String>,
    read: fn(&str, &RedactedFields) -> Result<E, DataError>,
    redacted: RedactedFields,
}

impl<E> Clone for WireForm<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for WireForm<E> {}

impl<E> WireForm<E> {
    pub(crate) const fn new() -> Self
    where
        E: Serialize + DeserializeOwned,
    {
        Self {
            masked: |event, json| event.serialize(json),
            key: None,
            write: envelope,
            data: written,
            lost_in_buffer,
            read: read_json,
            redacted: RedactedFields::NONE,
        }
    }

    /// Sets the function that writes the value of the event's key.
    #[must_use]
    pub const fn with_key(self, key: Key<E>) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }

    /// Sets the function that writes an event with redacted fields without them.
    /// [`EventInfo::redacted`](crate::event::EventInfo::redacted) says where these are written; `read`
    /// has other places where they are read, and `others` the places where the other fields are read, all
    /// as JSON pointers.
    #[must_use]
    pub const fn with_redacted(
        mut self,
        masked: Masked<E>,
        read: &'static [&'static str],
        others: &'static [&'static str],
    ) -> Self
    where
        E: Event,
    {
        self.masked = masked;
        self.redacted.own = Some(OwnFields {
            redacted: [E::INFO.redacted(), read],
            others,
        });
        self
    }

    /// Sets where fields that have other events inside are read, and whether these have redacted fields.
    #[must_use]
    pub const fn with_events(mut self, events: &'static [(&'static str, bool)]) -> Self {
        self.redacted.events = events;
        self
    }

    /// Returns the event with everything that is redacted in it masked.
    pub(crate) fn masked(&self, event: &E) -> Result<Value, serde_json::Error>
    where
        E: Event,
    {
        let Ok(located) = locate(event) else {
            return Ok(Value::from(MASK));
        };
        let has_redacted = !located.is_empty();
        let (json, is_whole) = masking::while_masking(located, || {
            (self.masked)(event, Masking::new(value::Serializer))
        });
        match json {
            Ok(_) if !is_whole => Ok(Value::from(MASK)),
            Err(_) if has_redacted => Err(hidden_error()),
            json => json,
        }
    }

    /// Writes an envelope of the event with nothing masked.
    pub(crate) fn write(
        &self,
        event: &E,
        attributes: &Attributes<'_>,
    ) -> Result<String, WriteFailure>
    where
        E: Event,
    {
        self.write_with_key(event, |key| {
            (self.write)(event, key, &self.redacted, attributes)
        })
    }

    /// Serializes the event with nothing masked, for an envelope that is written later.
    pub(crate) fn data(&self, event: &E) -> Result<Written, WriteFailure>
    where
        E: Event,
    {
        self.write_with_key(event, |key| (self.data)(event, key, &self.redacted))
    }

    /// Returns the first place in the event with a value that serde's buffer loses, if there is one.
    pub(crate) fn lost_in_buffer(&self, event: &E) -> Option<String> {
        (self.lost_in_buffer)(event, &self.redacted)
    }

    /// Calls `write` with the text of the event's key. An error shows no redacted value.
    fn write_with_key<R>(
        &self,
        event: &E,
        write: impl FnOnce(Option<&str>) -> Result<R, WriteFailure>,
    ) -> Result<R, WriteFailure>
    where
        E: Event,
    {
        let key = self.key.map(|key| key_text(|json| key(event, json)));
        let key = key.transpose().map(Option::flatten);
        let key = key.map_err(WriteFailure::Serialize);
        let written = key.and_then(|key| write(key.as_deref()));
        written.map_err(|error| match error {
            WriteFailure::Serialize(error) => {
                let is_open = locate(event).is_ok_and(|located| located.is_empty());
                WriteFailure::Serialize(if is_open { error } else { hidden_error() })
            }
            refused @ WriteFailure::Refused { .. } => refused,
        })
    }

    pub(crate) fn read(&self, data: &str) -> Result<E, DataError> {
        (self.read)(data, &self.redacted)
    }
}

/// Finds the redacted fields of the event, and of events inside of it.
fn locate<E: Event>(event: &E) -> Result<Located, fmt::Error> {
    masking::locate(|| write!(Nowhere, "{:?}", Formatted(event)))
}

/// The error instead of one of the type's own `Serialize`, which may show a value.
fn hidden_error() -> serde_json::Error {
    serde_json::Error::custom("the reason is hidden, since the event has redacted fields")
}

/// Returns a key as a text: a string as it is, anything else as JSON; `None` if it is `null` or empty.
fn key_text(
    write: impl FnOnce(&mut KeyWriter) -> Result<(), serde_json::Error>,
) -> Result<Option<String>, serde_json::Error> {
    let mut json = KeyWriter::new(Vec::new());
    write(&mut json)?;
    let json = json.into_inner();
    let text = match json.first() {
        Some(b'"') => serde_json::from_slice(&json)?,
        _ if json == b"null" => String::new(),
        _ => String::from_utf8(json).map_err(serde_json::Error::custom)?,
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

struct Formatted<'a, E>(&'a E);

impl<E: Event> fmt::Debug for Formatted<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_masked(f)
    }
}

struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}
