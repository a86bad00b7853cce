//! What the till tells.

use event_core::Event;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Cents;

/// A customer bought CDs; everything else in the shop follows from this.
#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shop.purchase_made", version = 1, wire, schema, key = customer_id, handlers = 1..)]
pub struct PurchaseMade {
    /// Who bought.
    pub customer_id: u64,
    /// When.
    pub date: Date,
    /// How many CDs.
    pub cds: u32,
    /// What was paid for all of them together.
    #[serde(rename = "amount_cents")]
    pub amount: Cents,
}
