//! Writes an event with the attributes of its envelope.

use jiff::Timestamp;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::event::json::checked;
use crate::event::json::checked::{Checked, Refused, Unreadable};
use crate::event::json::extension;
use crate::event::json::path::{RedactedFields, shown_path};
use crate::meta::Meta;

/// The attributes that are written before the data.
#[derive(Debug)]
pub struct Attributes<'a> {
    pub(crate) source: &'a str,
    pub(crate) name: &'a str,
    pub(crate) version: u32,
    pub(crate) time: Timestamp,
    pub(crate) meta: &'a Meta,
}

/// Why an event cannot be written as JSON that can be read.
#[derive(Debug)]
pub enum WriteFailure {
    Refused { why: Unreadable, path: String },
    Serialize(serde_json::Error),
}

/// An event that was serialized before the attributes of its envelope are known.
#[derive(Debug)]
pub struct Written {
    data: Box<RawValue>,
    key: Option<String>,
}

impl Written {
    /// Returns the value of the event's key, as envelopes carry it.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Returns the data of an envelope of the event.
    pub(crate) fn json(&self) -> &str {
        self.data.get()
    }
}

/// Serializes the event and its key.
pub(crate) fn written<E: Serialize>(
    event: &E,
    key: Option<&str>,
    redacted: &RedactedFields,
) -> Result<Written, WriteFailure> {
    let (data, refused) = checked::watched(|| to_raw_value(&Checked::new(event)));
    Ok(Written {
        data: verdict(data, refused, redacted)?,
        key: key.map(str::to_owned),
    })
}

/// Writes an envelope of an event that was serialized.
pub(crate) fn envelope_of(
    Written { data, key }: &Written,
    attributes: &Attributes<'_>,
) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Envelope {
        attributes,
        key: key.as_deref(),
        data: &**data,
    })
}

/// Writes an envelope of the event.
pub(crate) fn envelope<E: Serialize>(
    event: &E,
    key: Option<&str>,
    redacted: &RedactedFields,
    attributes: &Attributes<'_>,
) -> Result<String, WriteFailure> {
    // serde_json writes the whole envelope, since its `to_string` makes a `String` without a check of
    // UTF-8.
    let (written, refused) = checked::watched(|| {
        serde_json::to_string(&Envelope {
            attributes,
            key,
            data: &Checked::new(event),
        })
    });
    verdict(written, refused, redacted)
}

/// Returns the first place in the event with a value that serde's buffer loses, if there is one.
pub(crate) fn lost_in_buffer<E: Serialize>(event: &E, redacted: &RedactedFields) -> Option<String> {
    let (written, refused) = checked::watched(|| serde_json::to_string(&Checked::buffered(event)));
    match verdict(written, refused, redacted) {
        Err(WriteFailure::Refused {
            why: Unreadable::Buffered,
            path,
        }) => Some(path),
        _ => None,
    }
}

/// A separate function, so that it is compiled once and not once per event.
fn verdict<T>(
    written: Result<T, serde_json::Error>,
    refused: Refused,
    redacted: &RedactedFields,
) -> Result<T, WriteFailure> {
    match refused.why {
        None => written.map_err(WriteFailure::Serialize),
        Some(why) => {
            let path = refused.path.into_iter().rev();
            let path = shown_path("data", path, redacted);
            Err(WriteFailure::Refused { why, path })
        }
    }
}

struct Envelope<'a, E: ?Sized> {
    attributes: &'a Attributes<'a>,
    key: Option<&'a str>,
    data: &'a E,
}

impl<E: Serialize + ?Sized> Serialize for Envelope<'_, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut envelope = serializer.serialize_struct("Envelope", 14)?;
        write_attributes(&mut envelope, self.attributes, self.key)?;
        envelope.serialize_field("data", self.data)?;
        envelope.end()
    }
}

/// A separate function, so that it is compiled once and not once per event.
fn write_attributes<S: SerializeStruct>(
    envelope: &mut S,
    attributes: &Attributes<'_>,
    key: Option<&str>,
) -> Result<(), S::Error> {
    let meta = attributes.meta;
    envelope.serialize_field("specversion", "1.0")?;
    envelope.serialize_field("id", &meta.id())?;
    envelope.serialize_field("source", meta.source().unwrap_or(attributes.source))?;
    envelope.serialize_field("type", attributes.name)?;
    envelope.serialize_field("time", &attributes.time)?;
    envelope.serialize_field("datacontenttype", "application/json")?;
    extension::write_count(envelope, "eventversion", attributes.version)?;
    extension::write(envelope, "correlationid", &meta.correlation())?;
    if let Some(causation) = meta.causation() {
        extension::write(envelope, "causationid", &causation)?;
    }
    extension::write_count(
        envelope,
        "causaldepth",
        meta.depth_outside(attributes.source),
    )?;
    if let Some(route) = meta.route() {
        let forwarders = route.forwarders_with(attributes.source);
        extension::write(envelope, "forwardedby", &format_args!("{forwarders}"))?;
    }
    if let Some(traceparent) = meta.traceparent() {
        extension::write(envelope, "traceparent", &format_args!("{traceparent}"))?;
    }
    if let Some(key) = key {
        extension::write(envelope, "partitionkey", key)?;
    }
    Ok(())
}
