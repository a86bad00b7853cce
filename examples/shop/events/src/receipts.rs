//! What the receipts module tells.

use event_core::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Cents;

/// A customer was sent the receipt of a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shop.receipt_sent", version = 1, wire, schema, key = customer_id)]
pub struct ReceiptSent {
    /// The receipt's number; they count up from 1 without a gap, and may overtake each other on
    /// their way to different customers.
    pub number: u64,
    /// To whom.
    pub customer_id: u64,
    /// What was paid.
    #[serde(rename = "amount_cents")]
    pub amount: Cents,
}

/// A customer was sent a voucher, as thanks.
#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shop.voucher_sent", version = 1, wire, schema, key = customer_id)]
pub struct VoucherSent {
    /// To whom.
    pub customer_id: u64,
    /// What it is worth.
    #[serde(rename = "worth_cents")]
    pub worth: Cents,
}
