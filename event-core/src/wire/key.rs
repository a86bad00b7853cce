//! The value of an event's `key`, found in its JSON: under the name that serde gave it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// What `pointer` leads to, as a text: a string as it is, anything else as JSON. `None` if it is
/// nothing, `null` or empty.
pub(super) fn of(data: &[u8], pointer: &str) -> Result<Option<String>, serde_json::Error> {
    let found = match pointer.strip_prefix('/') {
        None => Some(serde_json::from_slice(data)?),
        Some(step) => {
            let step = step.replace("~1", "/").replace("~0", "~");
            Step(&step).deserialize(&mut serde_json::Deserializer::from_slice(data))?
        }
    };
    let value = found.map(RawValue::get);
    let Some(value) = value.filter(|value| *value != "null") else {
        return Ok(None);
    };
    let text = if value.starts_with('"') {
        serde_json::from_str::<Cow<'_, str>>(value)?.into_owned()
    } else {
        value.to_owned()
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Finds the value of one field, or of one place.
struct Step<'s>(&'s str);

impl<'de> DeserializeSeed<'de> for Step<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Step<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event with fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Key(key)) = map.next_key()? {
            if key == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let at: usize = self.0.parse().map_err(Error::custom)?;
        for _ in 0..at {
            seq.next_element::<IgnoredAny>()?;
        }
        let found = seq.next_element()?;
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
