//! Reads an event's `Meta` from an envelope.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::meta::Meta;
use crate::meta::route::Route;
use crate::meta::trace_parent::TraceParent;
use crate::wire::attributes::{Attributes, Text, not_cloud_event};
use crate::wire::error::DecodeError;

pub(crate) fn meta(
    attributes: &Attributes<'_>,
    source: &str,
    id: &str,
) -> Result<Meta, DecodeError> {
    let id = uuid(source, id);
    let named = |attribute: &Option<Text<'_>>| {
        let text = attribute.as_ref().filter(|Text(text)| !text.is_empty());
        text.map(|Text(text)| uuid(source, text))
    };
    let time = match &attributes.time {
        None => time_of(id).unwrap_or_else(SystemTime::now),
        Some(Text(text)) => parse_time(text)
            .ok_or_else(|| not_cloud_event("time", "it is no time as RFC 3339 writes it"))?,
    };
    Ok(Meta::of(
        id,
        time,
        named(&attributes.correlationid).unwrap_or(id),
        named(&attributes.causationid),
        attributes.causaldepth.map_or(0, |depth| depth.0),
        attributes.traceparent.and_then(position),
    ))
}

/// Returns the programs that forwarded the event, as `own` sees it.
pub(crate) fn route(attributes: &Attributes<'_>, source: &str, own: &str) -> Route {
    let forwarders = attributes.forwardedby.as_ref();
    Route::read(source, forwarders.map_or("", |Text(text)| text), own)
}

/// Returns the position in a trace. If it cannot be read, the event starts a trace of its own.
fn position(traceparent: &RawValue) -> Option<TraceParent> {
    let Text(text) = serde_json::from_str(traceparent.get()).ok()?;
    text.parse().ok()
}

/// Returns the id itself, or a UUID by name for an id of another format.
fn uuid(source: &str, text: &str) -> Uuid {
    Uuid::try_parse(text).unwrap_or_else(|_| {
        let name = [source.as_bytes(), b"\n", text.as_bytes()].concat();
        Uuid::new_v5(&Uuid::NAMESPACE_URL, &name)
    })
}

/// Returns the time of a UUID that contains one.
fn time_of(id: Uuid) -> Option<SystemTime> {
    let (seconds, nanoseconds) = id.get_timestamp()?.to_unix();
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds))
}

fn parse_time(text: &str) -> Option<SystemTime> {
    let since = text.parse::<Timestamp>().ok()?.as_duration();
    let epoch = SystemTime::UNIX_EPOCH;
    if since.is_negative() {
        epoch.checked_sub(since.unsigned_abs())
    } else {
        epoch.checked_add(since.unsigned_abs())
    }
}

/// Returns the time for an envelope; `None` if its year does not have four digits.
pub(crate) fn timestamp(time: SystemTime) -> Option<Timestamp> {
    const YEAR_0: Timestamp = Timestamp::constant(-62_167_219_200, 0);
    // The last of all timestamps is in the year 9999.
    let time = Timestamp::try_from(time).ok();
    time.filter(|time| *time >= YEAR_0)
}
