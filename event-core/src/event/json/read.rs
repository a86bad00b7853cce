//! Reads the data of an envelope as the type that it was written from, and reports where it does not fit,
//! without showing values.

use std::any::Any;
use std::fmt::Display;

use serde::de::DeserializeOwned;

use crate::event::Event;
use crate::event::json::path::{RedactedFields, Step, shown_path};
use crate::event::json::redaction;
use crate::event::version::Upcast;

/// Reads data of an older version, and upcasts it to the version after the newest of these; `None` if
/// there is no such version.
pub(crate) type ReadOlder = fn(version: u32, data: &str) -> Option<Result<Box<dyn Any>, DataError>>;

/// Why data cannot be read as the type.
#[derive(Debug)]
pub(crate) struct DataError {
    pub(crate) path: String,
    pub(crate) problem: String,
    pub(crate) too_deep: bool,
}

pub(crate) fn read_older<E, P>(version: u32, data: &str) -> Option<Result<Box<dyn Any>, DataError>>
where
    E: Upcast<P>,
    P: Event,
{
    let read = read::<P>(version, data)?;
    Some(read.map(|older| Box::new(E::from(older)) as Box<dyn Any>))
}

pub(crate) fn read<E: Event>(version: u32, data: &str) -> Option<Result<E, DataError>> {
    if version == E::INFO.version() {
        return E::WIRE.map(|form| form.read(data));
    }
    let older = E::INFO.upcast()?;
    match (older.read)(version, data)? {
        Ok(upcast) => upcast.downcast().ok().map(|event| Ok(*event)),
        Err(unfit) => Some(Err(unfit)),
    }
}

/// Reads JSON as an `E`.
pub(crate) fn read_json<E: DeserializeOwned>(
    data: &str,
    redacted: &RedactedFields,
) -> Result<E, DataError> {
    let (read, hidden) = redaction::watched(None, || serde_json::from_str(data));
    read.map_err(|error| {
        let text = error.to_string();
        let problem = match known(&text) {
            Some(problem) => problem,
            None if redacted.is_empty() => shown(without_place(&text), 200),
            None => "it does not fit; the reason is hidden, since the event has redacted fields"
                .to_owned(),
        };
        DataError {
            path: path_of_error::<E>(data, redacted, hidden),
            problem,
            too_deep: text.starts_with("recursion limit exceeded"),
        }
    })
}

/// Reads data that does not fit once more, to find the path of the error; tracking the path is slow. The
/// path ends at the redacted value with the number `hidden`.
#[cold]
fn path_of_error<E: DeserializeOwned>(
    data: &str,
    redacted: &RedactedFields,
    hidden: Option<u32>,
) -> String {
    let read = || {
        let mut deserializer = serde_json::Deserializer::from_str(data);
        serde_path_to_error::deserialize::<_, E>(&mut deserializer)
    };
    match redaction::watched(hidden, read).0 {
        Err(error) => shown_path("data", Step::all_of(error.path()), redacted),
        Ok(_) => "data".to_owned(),
    }
}

/// Returns serde's text of an error without its values; any other text is replaced.
pub(crate) fn without_values(error: &impl Display) -> String {
    let problem = known(&error.to_string());
    problem.unwrap_or_else(|| "a redacted value does not fit".to_owned())
}

/// Returns one of serde's own texts without its value; `None` for any other text.
pub(crate) fn known(text: &str) -> Option<String> {
    let text = without_place(text);
    for field in ["missing field `", "duplicate field `"] {
        let name = text
            .strip_prefix(field)
            .and_then(|rest| rest.strip_suffix('`'));
        if name.is_some_and(|name| !name.contains('`')) {
            return Some(shown(text, 200));
        }
    }
    if let Some(rest) = text.strip_prefix("invalid length ") {
        let (found, _) = rest.split_once(", expected ")?;
        let is_length = found.chars().all(|digit| digit.is_ascii_digit());
        return is_length.then(|| shown(text, 200));
    }
    let kinds = [
        "invalid type: ",
        "invalid value: ",
        "unknown variant ",
        "unknown field ",
    ];
    let kind = kinds.into_iter().find(|kind| text.starts_with(kind))?;
    // The found value may contain anything; the expected one is described by the type itself.
    let (found, expected) = text.rsplit_once(", expected ")?;
    let found = &found[kind.len()..];
    let shape = found.split(['`', '"']).next().unwrap_or_default();
    let what = format!("{kind}{shape}");
    let what = what.trim_end_matches([' ', ':']);
    Some(shown(&format!("{what}, expected {expected}"), 200))
}

/// Removes ` at line 1 column 20`, which counts from the start of the data.
fn without_place(text: &str) -> &str {
    let place = text.rsplit_once(" at line ");
    match place {
        Some((before, place))
            if place
                .chars()
                .all(|it| it.is_ascii_digit() || " column".contains(it)) =>
        {
            before
        }
        _ => text,
    }
}

/// Returns a text from outside with control characters escaped, cut at `most` characters.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (index, character) in text.chars().enumerate() {
        if index == most {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}
