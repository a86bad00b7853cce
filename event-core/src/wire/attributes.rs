//! The attributes of an envelope, as JSON has them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// What is written before the data.
#[derive(Serialize)]
pub(super) struct Written<'a> {
    pub(super) specversion: &'a str,
    pub(super) id: &'a str,
    pub(super) source: &'a str,
    pub(super) r#type: &'a str,
    pub(super) time: &'a str,
    pub(super) datacontenttype: &'a str,
    pub(super) eventversion: u32,
    pub(super) correlationid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) causationid: Option<&'a str>,
    pub(super) causaldepth: u32,
}

/// What is read. Other attributes are for others; `null` is as good as nothing.
#[derive(Deserialize)]
#[serde(expecting = "a CloudEvent: a JSON object")]
pub(super) struct Attributes<'a> {
    #[serde(borrow)]
    pub(super) specversion: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) source: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) r#type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) time: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) datacontenttype: Option<Text<'a>>,
    pub(super) eventversion: Option<Count>,
    #[serde(borrow)]
    pub(super) correlationid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) causationid: Option<Text<'a>>,
    pub(super) causaldepth: Option<Count>,
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
    pub(super) data_base64: Option<IgnoredAny>,
}

/// A string, borrowed where JSON has it as it is.
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

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

/// A number from 0 on. Some who pass events on write every attribute as a string.
#[derive(Clone, Copy)]
pub(super) struct Count(pub(super) u32);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor).map(Count)
    }
}

struct CountVisitor;

impl Visitor<'_> for CountVisitor {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer from 0 to 4294967295")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u32, E> {
        let found = serde::de::Unexpected::Unsigned(number);
        u32::try_from(number).map_err(|_| E::invalid_value(found, &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u32, E> {
        let found = serde::de::Unexpected::Str(text);
        text.parse().map_err(|_| E::invalid_value(found, &self))
    }
}
