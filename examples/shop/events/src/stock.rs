//! What the stock module tells.

use event_core::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// CDs were put aside for a customer.
#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shop.stock_reserved", version = 1, wire, schema, key = customer_id)]
pub struct StockReserved {
    /// For whom.
    pub customer_id: u64,
    /// How many CDs.
    pub cds: u32,
    /// How many CDs were left on the shelf.
    pub left: u32,
}

/// The shelf came close to empty.
#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shop.stock_low", version = 1, wire, schema)]
pub struct StockLow {
    /// How many CDs were left on the shelf.
    pub left: u32,
}

/// The supplier filled the shelf again.
#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shop.stock_replenished", version = 1, wire, schema)]
pub struct StockReplenished {
    /// How many CDs came.
    pub cds: u32,
}
