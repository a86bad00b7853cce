//! The attributes of an envelope that is read.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::event::json::path::{RedactedFields, Step, shown_path};
use crate::event::json::read::{known, shown};
use crate::wire::error::DecodeError;

/// Unknown attributes are ignored; `null` is read as a missing attribute.
#[derive(Deserialize)]
#[serde(expecting = "a CloudEvent: a JSON object")]
pub(crate) struct Attributes<'a> {
    #[serde(borrow)]
    pub(crate) specversion: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) source: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) r#type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) time: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) datacontenttype: Option<Text<'a>>,
    pub(crate) eventversion: Option<Count>,
    #[serde(borrow)]
    pub(crate) correlationid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) causationid: Option<Text<'a>>,
    pub(crate) causaldepth: Option<Count>,
    #[serde(borrow)]
    pub(crate) forwardedby: Option<Text<'a>>,
    /// It may have any type: a trace that cannot be read must not prevent the event from being read.
    #[serde(borrow)]
    pub(crate) traceparent: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) data: Option<&'a RawValue>,
    pub(crate) data_base64: Option<IgnoredAny>,
}

/// A string, borrowed if its JSON has no escapes.
pub(crate) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor).map(Text)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// A number from 0 on. Some programs that forward events write every attribute as a string.
#[derive(Clone, Copy)]
pub(crate) struct Count(pub(super) u32);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor).map(Count)
    }
}

struct CountVisitor;

impl Visitor<'_> for CountVisitor {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer from 0 to 2147483647")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u32, E> {
        let found = serde::de::Unexpected::Unsigned(number);
        count(u32::try_from(number).ok()).ok_or_else(|| E::invalid_value(found, &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u32, E> {
        let found = serde::de::Unexpected::Str(text);
        count(text.parse().ok()).ok_or_else(|| E::invalid_value(found, &self))
    }
}

/// Accepts a number that can be [written](crate::event::json::extension) again.
fn count(number: Option<u32>) -> Option<u32> {
    number.filter(|number| i32::try_from(*number).is_ok())
}

pub(crate) fn not_utf8(input: &[u8], error: &std::str::Utf8Error) -> DecodeError {
    let before = &input[..error.valid_up_to()];
    let line_start = before.iter().rposition(|byte| *byte == b'\n');
    DecodeError::NotJson {
        problem: "it is not UTF-8".to_owned(),
        line: before.split(|byte| *byte == b'\n').count(),
        column: before.len() - line_start.map_or(0, |at| at + 1) + 1,
    }
}

pub(crate) fn attributes(text: &str) -> Result<Attributes<'_>, DecodeError> {
    if text.starts_with('\u{feff}') {
        return Err(DecodeError::NotJson {
            problem: "a byte order mark stands before it, which only a file may begin with"
                .to_owned(),
            line: 1,
            column: 1,
        });
    }
    // serde reads structs from arrays, too.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => not_cloud_event("", "it is no JSON object"),
            Err(error) => not_json(&error),
        });
    }
    // Tracking the path is slow, so the place of an error is only found if there is one.
    serde_json::from_str(text).or_else(|_| attributes_with_path(text))
}

#[cold]
fn attributes_with_path(text: &str) -> Result<Attributes<'_>, DecodeError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut deserializer);
    let attributes = read.map_err(|error| {
        let inner = error.inner();
        if !inner.is_data() {
            return not_json(inner);
        }
        let path = shown_path("", Step::all_of(error.path()), &RedactedFields::NONE);
        let problem = known(&inner.to_string());
        not_cloud_event(
            &path,
            &problem.unwrap_or_else(|| "it does not fit".to_owned()),
        )
    })?;
    deserializer.end().map_err(|error| not_json(&error))?;
    Ok(attributes)
}

fn not_json(error: &serde_json::Error) -> DecodeError {
    let text = error.to_string();
    let problem = text.rsplit_once(" at line ").map_or(&*text, |(it, _)| it);
    DecodeError::NotJson {
        problem: shown(problem, 200),
        line: error.line(),
        column: error.column(),
    }
}

pub(crate) fn not_cloud_event(path: &str, problem: &str) -> DecodeError {
    DecodeError::NotCloudEvent {
        path: path.to_owned(),
        problem: problem.to_owned(),
    }
}

/// Returns an attribute that exists and is not empty.
pub(crate) fn required<'a>(
    attribute: Option<&'a Text<'_>>,
    path: &str,
) -> Result<&'a str, DecodeError> {
    match attribute {
        None => Err(not_cloud_event(path, "it is missing")),
        Some(Text(text)) if text.is_empty() => Err(not_cloud_event(path, "it is empty")),
        Some(Text(text)) => Ok(text),
    }
}
