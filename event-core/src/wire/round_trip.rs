//! Checks that an event is the same after it is written and read.

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::event::Event;
use crate::event::json::form::WireForm;
use crate::event::json::path::{RedactedFields, Step, shown_path};
use crate::event::json::read::shown;
use crate::event::redacted::MASK;
use crate::panics;
use crate::wire::error::{DecodeError, EncodeError};
use crate::wire::round_trip_error::RoundTripError;

/// Writes an event as in an envelope, reads that, and compares: for a unit test of each `wire` event.
///
/// No other check finds a value that serde writes and cannot read before it is read; see [what cannot be
/// read](crate::wire#what-is-written-and-cannot-be-read). Since events need no `PartialEq`, the JSON of
/// both is compared, so a field that is not written is not checked. Arrays are equal in any order, since
/// a `HashSet` has none.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::Event;
/// use event_core::wire::check_round_trip;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// #[event(name = "shop.order_weighed", wire)]
/// struct OrderWeighed {
///     grams: f64,
///     #[serde(flatten)]
///     parts: Parts,
/// }
///
/// #[derive(Debug, Serialize, Deserialize)]
/// struct Parts { by_shelf: std::collections::BTreeMap<u8, u32> }
///
/// let event = OrderWeighed { grams: 20.0, parts: Parts { by_shelf: [(4, 1)].into() } };
/// assert_eq!(
///     check_round_trip(&event).unwrap_err().to_string(),
///     "`shop.order_weighed` version 1 is written and cannot be read: it does not fit at `data`: \
///      invalid type: string, expected u8; serde keeps what is flattened, tagged inside or untagged in \
///      a buffer, which loses what is at `data.by_shelf`: `event_core::wire` says what else to write",
/// );
/// ```
///
/// # Errors
///
/// The event cannot be written, or not be read, or differs after it is read. The error names the event,
/// its version, and the place; it shows no redacted value.
#[allow(
    clippy::result_large_err,
    reason = "a test asks, and the error says where the event is lost"
)]
pub fn check_round_trip<E: Event>(event: &E) -> Result<(), RoundTripError> {
    let (name, version) = (E::INFO.name(), E::INFO.version());
    let Some(form) = E::WIRE else {
        return Err(EncodeError::NotWire { event: name }.into());
    };
    let write = |event: &E| match panics::catch(|| form.data(event)) {
        Ok(Ok(data)) => Ok(data),
        Ok(Err(why)) => Err(EncodeError::unwritten(name, version, why)),
        Err(_) => Err(EncodeError::Panicked {
            event: name,
            version,
        }),
    };
    let written = write(event)?;
    let read = match panics::catch(|| form.read(written.json())) {
        Ok(Ok(read)) => read,
        Ok(Err(unfit)) => {
            let lost_at = panics::catch(|| form.lost_in_buffer(event)).unwrap_or_default();
            return Err(RoundTripError::Read {
                lost_at: lost_at.filter(|path| path.starts_with(&unfit.path)),
                source: DecodeError::unfit(name, version, unfit, String::new()),
            });
        }
        Err(_) => {
            return Err(RoundTripError::Read {
                source: DecodeError::Panicked {
                    event: name.to_owned(),
                    version,
                },
                lost_at: None,
            });
        }
    };
    let again = write(&read)?;
    let Some(path) = difference(written.json(), again.json()) else {
        return Ok(());
    };
    Err(differs(&form, event, &read, path))
}

/// Panics with the error of [`check_round_trip`], if there is one.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::Event;
/// use event_core::wire::assert_round_trip;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// #[event(name = "shop.order_placed", wire)]
/// struct OrderPlaced { order_id: u64, note: Option<String> }
///
/// assert_round_trip(&OrderPlaced { order_id: 7, note: None });
/// ```
///
/// # Panics
///
/// If the event is not read as it was written.
#[track_caller]
pub fn assert_round_trip<E: Event>(event: &E) {
    if let Err(error) = check_round_trip(event) {
        panic!("{error}");
    }
}

/// Returns the steps to the first difference of two JSON values, if they differ.
fn difference(written: &str, read: &str) -> Option<Vec<Step>> {
    let mut path = Vec::new();
    let differs = find_difference(written, read, &mut path);
    differs.then_some(path)
}

/// Returns whether there is a difference, and leaves the steps to it in `path`.
fn find_difference(written: &str, read: &str, path: &mut Vec<Step>) -> bool {
    if written == read {
        return false;
    }
    if let (Some(written), Some(read)) = (entries(written), entries(read)) {
        return find_in_entries(&written, &read, path);
    }
    if let (Some(written), Some(read)) = (elements(written), elements(read)) {
        return find_in_elements(&written, &read, path);
    }
    true
}

fn find_in_entries(written: &Entries<'_>, read: &Entries<'_>, path: &mut Vec<Step>) -> bool {
    let (mut written, mut read) = (written.0.iter().peekable(), read.0.iter().peekable());
    loop {
        let key = match (written.peek(), read.peek()) {
            (None, None) => return false,
            (Some((ours, one)), Some((theirs, other))) if ours == theirs => {
                path.push(Step::Key(ours.as_str().into()));
                if find_difference(one.get(), other.get(), path) {
                    return true;
                }
                path.pop();
                written.next();
                read.next();
                continue;
            }
            // The keys are sorted, so the other object lacks the lesser one.
            (Some((ours, _)), Some((theirs, _))) => ours.min(theirs),
            (Some((key, _)), None) | (None, Some((key, _))) => key,
        };
        path.push(Step::Key(key.as_str().into()));
        return true;
    }
}

fn find_in_elements(written: &[&RawValue], read: &[&RawValue], path: &mut Vec<Step>) -> bool {
    let is_same = |one: &RawValue, other: &RawValue| difference(one.get(), other.get()).is_none();
    let mut left: Vec<_> = read.to_vec();
    let mut first = None;
    for (index, one) in written.iter().enumerate() {
        // Most values are at the same index.
        let at = left.iter().position(|other| is_same(one, other));
        match at {
            Some(at) => drop(left.remove(at)),
            None => first = first.or(Some(index)),
        }
    }
    if first.is_none() && left.is_empty() {
        return false;
    }
    let index = first.unwrap_or(written.len());
    path.push(Step::Index(index));
    if let (Some(one), Some(other)) = (written.get(index), read.get(index)) {
        find_difference(one.get(), other.get(), path);
    }
    true
}

/// The entries of an object, by key. Keys that occur twice do so here, too.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

fn entries(json: &str) -> Option<Entries<'_>> {
    let mut entries: Entries<'_> = json
        .starts_with('{')
        .then(|| serde_json::from_str(json).ok())??;
    entries.0.sort_by(|(one, _), (other, _)| one.cmp(other));
    Some(entries)
}

fn elements(json: &str) -> Option<Vec<&RawValue>> {
    json.starts_with('[')
        .then(|| serde_json::from_str(json).ok())?
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// Makes the error of a difference. Its path ends where a value is masked.
fn differs<E: Event>(form: &WireForm<E>, event: &E, read: &E, path: Vec<Step>) -> RoundTripError {
    let masked = |event: &E| panics::catch(|| form.masked(event)).ok()?.ok();
    let (written, read) = (masked(event), masked(read));
    let visible = match (&written, &read) {
        (Some(written), Some(read)) => visible(written, &path).min(visible(read, &path)),
        _ => 0,
    };
    let value = |json: &Option<Value>| {
        let json = json.as_ref().and_then(|json| at(json, &path[..visible]));
        json.map_or_else(|| "nothing".to_owned(), |json| shown(&json.to_string(), 60))
    };
    let (written, read) = (value(&written), value(&read));
    RoundTripError::Differs {
        event: E::INFO.name(),
        version: E::INFO.version(),
        path: shown_path(
            "data",
            path.into_iter().take(visible),
            &RedactedFields::NONE,
        ),
        written,
        read,
    }
}

/// Returns how many steps of the path may be shown.
fn visible(masked: &Value, path: &[Step]) -> usize {
    let is_masked = |steps: &usize| at(masked, &path[..*steps]).is_some_and(|it| it == MASK);
    (0..path.len()).find(is_masked).unwrap_or(path.len())
}

fn at<'v>(mut json: &'v Value, path: &[Step]) -> Option<&'v Value> {
    for step in path {
        json = match step {
            Step::Index(index) => json.get(index)?,
            Step::Key(key) => json.get(&**key)?,
            Step::Unknown => return None,
        };
    }
    Some(json)
}
