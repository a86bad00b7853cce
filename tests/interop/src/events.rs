//! Events of the shapes that JSON has: an object, an array, a text, nothing, and an enum's.

use std::collections::BTreeMap;

use event_core::Event;
use serde::{Deserialize, Serialize};

/// With a key, an older version and an older name.
#[derive(Event, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(name = "interop.order_placed", version = 2, previous = OrderPlacedV1, wire, key = customer)]
#[event(alias = "interop.order_made")]
#[serde(rename_all = "camelCase")]
pub struct OrderPlaced {
    /// Its key.
    pub customer: String,
    /// In cents.
    pub total_cents: u64,
    /// Anything that people write.
    pub note: Option<String>,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// By any name.
    pub labels: BTreeMap<String, String>,
}

/// A part of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What.
    pub item: String,
    /// How much of it.
    pub weight: f64,
    /// More or less than it was.
    pub change: i64,
    /// Whether it is wrapped.
    pub gift: bool,
}

/// What was written before.
#[derive(Event, Debug, Serialize, Deserialize)]
#[event(name = "interop.order_placed", wire, superseded)]
pub struct OrderPlacedV1 {
    customer: String,
    total: f64,
}

impl From<OrderPlacedV1> for OrderPlaced {
    fn from(old: OrderPlacedV1) -> Self {
        Self {
            customer: old.customer,
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "an amount of money"
            )]
            total_cents: (old.total * 100.0).round() as u64,
            note: None,
            lines: Vec::new(),
            labels: BTreeMap::new(),
        }
    }
}

/// One of several.
#[derive(Event, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(name = "interop.payment_taken", wire)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaymentTaken {
    /// With fields.
    ByCard {
        /// Whose.
        owner: String,
    },
    /// In places.
    InCash(i64, f64),
    /// As a word.
    OnTheHouse,
}

/// A text.
#[derive(Event, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(name = "interop.noted", wire, key = 0)]
pub(crate) struct Noted(pub(crate) String);

/// An array.
#[derive(Event, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(name = "interop.measured", wire)]
pub(crate) struct Measured(pub(crate) Vec<f64>);

/// Nothing.
#[derive(Event, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(name = "interop.bell_rung", wire)]
pub struct BellRung;
