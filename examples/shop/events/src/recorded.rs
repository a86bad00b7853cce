//! What the till tells if the shop keeps its books in a database.

use event_core::Event;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Cents;

/// A purchase was written into the database, by the transaction that this is emitted in.
///
/// It is durable, which is a matter of its type: to emit it without a transaction does not compile. So it is not
/// [`PurchaseMade`](crate::PurchaseMade), which is emitted in a shop that keeps what it knows in memory.
#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shop.purchase_recorded", version = 1, durable, schema)]
pub struct PurchaseRecorded {
    /// The purchase's number; they count up from 1 without a gap.
    pub number: u64,
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
