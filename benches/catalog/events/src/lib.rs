//! What `event-bench-catalog` lists and checks: 999 events, each with five handlers.
//!
//! It is compiled without optimizations, which would take a quarter of an hour; what is measured is not here.

use std::hint::black_box;

use event_core::{Event, handler};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

event_core::module!();

/// A line of an order.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    product: String,
    count: u16,
    weight: f64,
}

/// How an order was paid.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(missing_docs, reason = "it is generated, as the events are")]
pub enum Payment {
    Cash,
    Card { number: String },
    Voucher { code: String, worth: u64 },
}

include!(concat!(env!("OUT_DIR"), "/events.rs"));
