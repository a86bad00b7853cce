//! Events of each shape that serde has, with versions, aliases, keys and secrets.

use std::collections::BTreeMap;

use event_core::Event;
use event_core::event::Redacted;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// Of version 3, with two before it.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.order_placed", version = 3, previous = OrderPlacedV2, wire, key = order_id)]
#[event(alias = "fuzz.order_made")]
#[serde(rename_all = "camelCase")]
struct OrderPlaced {
    order_id: u64,
    customer: Option<String>,
    lines: Vec<Line>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    total: f64,
    #[event(redact)]
    card: Card,
    #[event(redact)]
    #[serde(default)]
    answers: BTreeMap<String, u64>,
    secrets: Redacted<BTreeMap<String, u64>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    item: String,
    price: u32,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Kind {
    Plain,
    InColor { color: char },
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Card {
    number: String,
    pins: Vec<u16>,
}

/// What was written before.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.order_placed", version = 2, previous = OrderMade, wire, superseded)]
#[event(alias = "fuzz.order_made")]
struct OrderPlacedV2 {
    order: u64,
    #[event(redact)]
    card: Option<String>,
}

/// And before that, under another name.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.order_made", wire, superseded)]
struct OrderMade(i64);

impl From<OrderMade> for OrderPlacedV2 {
    fn from(OrderMade(order): OrderMade) -> Self {
        Self {
            order: order.unsigned_abs(),
            card: None,
        }
    }
}

impl From<OrderPlacedV2> for OrderPlaced {
    fn from(old: OrderPlacedV2) -> Self {
        Self {
            order_id: old.order,
            customer: None,
            lines: Vec::new(),
            labels: BTreeMap::new(),
            total: 0.0,
            card: Card {
                number: old.card.unwrap_or_default(),
                pins: Vec::new(),
            },
            answers: BTreeMap::new(),
            secrets: Redacted::default(),
        }
    }
}

/// An enum as serde writes it by default, and inside of itself.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.shape_drawn", wire)]
enum ShapeDrawn {
    Nothing,
    Tuple(i8, Vec<ShapeDrawn>),
    #[serde(rename = "näme / ~x")]
    Named {
        #[event(redact)]
        text: Vec<u64>,
        inner: Option<Box<ShapeDrawn>>,
    },
    New(bool),
}

/// With its tag inside.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.tagged", wire)]
#[serde(tag = "t")]
enum Tagged {
    A,
    B { x: i64 },
}

/// With its tag beside.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.adjacent", reads_newer, wire)]
#[serde(tag = "t", content = "c", deny_unknown_fields)]
enum Adjacent {
    A(f32),
    B { x: String },
}

/// Without a tag.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.untagged", wire)]
#[serde(untagged)]
enum Untagged {
    Number(u32),
    Texts(Vec<String>),
    Named { x: Option<f64> },
}

/// Anything.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.tree_grown", wire, key = name)]
struct TreeGrown {
    #[serde(default)]
    name: Value,
    root: Value,
}

/// Anything, as it was written.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.passed_on", wire)]
struct PassedOn {
    raw: Box<RawValue>,
}

/// What has no room in most numbers.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.measured", wire, key = 1)]
struct Measured(u128, i128, f32, f64, char, (), Option<bool>, [u8; 2]);

/// Nothing.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.bell_rung", wire)]
struct BellRung;

/// A text.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.said", wire, key = 0)]
struct Said(String);

/// Whose fields say what they were given.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.whispered", wire)]
struct Whispered {
    #[event(redact)]
    pin: Loud,
    words: Loud,
}

/// Without a secret, so that its words are said.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.boasted", wire)]
struct Boasted {
    words: Loud,
}

/// With a secret that is one wherever it stands.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "fuzz.confided", wire)]
struct Confided {
    token: Redacted<Loud>,
    more: Vec<Redacted<Loud>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
struct Loud(Value);

impl Clone for Loud {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl TryFrom<Value> for Loud {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) if text.len() < 4 => Err(format!("`{text}` is not loud")),
            Value::Object(_) | Value::Number(_) => Err(format!("{value} is not loud\n\u{7f}")),
            value => Ok(Self(value)),
        }
    }
}

impl From<Loud> for Value {
    fn from(loud: Loud) -> Self {
        loud.0
    }
}

/// Where an input may have a secret: the event, its version, and the pointer to it in its data.
pub(crate) const SECRETS: &[(&str, u64, &str)] = &[
    ("fuzz.order_placed", 3, "/card"),
    ("fuzz.order_placed", 3, "/answers"),
    ("fuzz.order_placed", 3, "/secrets"),
    ("fuzz.order_made", 3, "/secrets"),
    ("fuzz.order_placed", 2, "/card"),
    ("fuzz.order_made", 2, "/card"),
    ("fuzz.shape_drawn", 1, "/näme ~1 ~0x/text"),
    ("fuzz.whispered", 1, "/pin"),
    ("fuzz.confided", 1, "/token"),
];
