//! What a program may not forget: stored in the transaction that makes it true.

use event_core::Event;
use serde::{Deserialize, Serialize};

/// A user is new.
#[derive(Debug, Event, Serialize, Deserialize)]
#[event(name = "shop.user_signed_up", durable)]
pub struct UserSignedUp {
    /// The user's id.
    pub user_id: i32,
    /// How they want to be called.
    pub name: String,
}

/// A user's row was changed.
#[derive(Debug, Event, Serialize, Deserialize)]
#[event(name = "shop.account_changed", durable)]
pub struct AccountChanged {
    /// The user's id.
    pub user_id: i32,
    /// How they want to be called now.
    pub name: String,
}

/// An order is new.
#[derive(Debug, Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", durable)]
pub struct OrderPlaced {
    /// The order's id.
    pub order_id: i32,
    /// Who ordered.
    pub user_id: i32,
    /// What it costs.
    pub cents: i64,
}
