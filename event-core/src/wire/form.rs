//! How one event type is written as JSON and read: what the derive records of a `wire` event.

#![allow(
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::read::{Unfit, read_json};
use super::write::{Attributes, Unwritten, data, envelope, lost_in_buffer};
use crate::event::{MASK, while_masking};

/// The functions of one type, so that its bounds are checked once.
pub struct WireForm<E> {
    redacted: &'static [&'static str],
    masked: fn(&E) -> Result<serde_json::Value, serde_json::Error>,
    write: Write<E>,
    data: fn(&E, &[&str]) -> Result<String, Unwritten>,
    lost_in_buffer: fn(&E, &[&str]) -> Option<String>,
    read: fn(&str, &[&str]) -> Result<E, Unfit>,
}

/// Writes an envelope, given where the key is and where the redacted fields are.
type Write<E> = fn(&E, Option<&str>, &[&str], &Attributes<'_>) -> Result<String, Unwritten>;

impl<E> Clone for WireForm<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for WireForm<E> {}

impl<E> WireForm<E> {
    pub(crate) const fn new(redacted: &'static [&'static str]) -> Self
    where
        E: Serialize + DeserializeOwned,
    {
        Self {
            redacted,
            masked: |event| while_masking(|| serde_json::to_value(event)),
            write: envelope,
            data,
            lost_in_buffer,
            read: read_json,
        }
    }

    /// The event with its redacted fields masked.
    pub(crate) fn masked(&self, event: &E) -> Result<serde_json::Value, serde_json::Error> {
        let mut json = (self.masked)(event)?;
        for pointer in self.redacted {
            if let Some(value) = json.pointer_mut(pointer) {
                *value = serde_json::Value::from(MASK);
            }
        }
        Ok(json)
    }

    /// An envelope of the event as it is; `key` points to the value of its key.
    pub(crate) fn write(
        &self,
        event: &E,
        key: Option<&str>,
        attributes: &Attributes<'_>,
    ) -> Result<String, Unwritten> {
        (self.write)(event, key, self.redacted, attributes)
    }

    /// The data of such an envelope.
    pub(crate) fn data(&self, event: &E) -> Result<String, Unwritten> {
        (self.data)(event, self.redacted)
    }

    /// Where the event first has something that serde's buffer loses, if it has.
    pub(crate) fn lost_in_buffer(&self, event: &E) -> Option<String> {
        (self.lost_in_buffer)(event, self.redacted)
    }

    pub(crate) fn read(&self, data: &str) -> Result<E, Unfit> {
        (self.read)(data, self.redacted)
    }
}
