//! What an envelope says, in the words that all peers have.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The attributes and the data of an envelope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// The attribute of this name.
    pub id: String,
    /// The attribute of this name.
    pub source: String,
    /// The attribute of this name: the event's.
    pub r#type: String,
    /// The attribute of this name, as RFC 3339 writes it.
    pub time: String,
    /// The attribute of this name.
    pub datacontenttype: Option<String>,
    /// Every other attribute.
    pub extensions: BTreeMap<String, Value>,
    /// The data, if it is JSON.
    #[serde(default)]
    pub data: Value,
    /// The data in base 64, if it is bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<String>,
}

impl Said {
    /// The same with times of that many nanoseconds.
    ///
    /// # Panics
    ///
    /// Panics if the time is none.
    #[must_use]
    pub fn rounded_to(mut self, nanoseconds: i128) -> Self {
        let time: Timestamp = self.time.parse().expect("a time");
        self.time = round(time, nanoseconds).to_string();
        self
    }
}

/// The time, cut off to so many nanoseconds.
pub(crate) fn round(time: Timestamp, nanoseconds: i128) -> Timestamp {
    let time = time.as_nanosecond();
    Timestamp::from_nanosecond(time - time.rem_euclid(nanoseconds)).expect("a little less")
}
