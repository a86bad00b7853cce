//! Older versions and older names of an event, and how they are decoded; no warning in a crate that asks for
//! many.

#![deny(
    warnings,
    unused,
    rust_2018_idioms,
    unused_qualifications,
    unused_results,
    trivial_casts,
    non_local_definitions,
    explicit_outlives_requirements
)]
#![forbid(unsafe_code)]

mod v1 {
    use event_core::Event;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "shop.order_made", wire, superseded, key = 0)]
    pub struct OrderPlaced(pub u64);
}

mod v2 {
    use event_core::Event;
    use serde::{Deserialize, Serialize};

    /// One that has a name of its own.
    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "shop.order_placed", alias = ["shop.order_made"], wire, superseded)]
    #[event(version = 2, previous = super::v1::OrderPlaced)]
    pub struct OrderPlaced {
        #[event(redact)]
        pub order: u64,
    }
}

use event_core::{Dispatcher, Event, handler};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", version = 3, previous = v2::OrderPlaced, wire, key = id)]
#[event(alias = ["shop.order", "com.github.pull_request/opened", "Shop-Order Placed", "täpa.tellitud"])]
struct OrderPlaced {
    #[serde(rename = "order_id")]
    id: u64,
}

impl From<v1::OrderPlaced> for v2::OrderPlaced {
    fn from(old: v1::OrderPlaced) -> Self {
        Self { order: old.0 }
    }
}

impl From<v2::OrderPlaced> for OrderPlaced {
    fn from(old: v2::OrderPlaced) -> Self {
        Self { id: old.order }
    }
}

/// Nothing was ever written as its version 1, and newer versions only add what it can ignore.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.stock_reserved", version = 2, no_previous, reads_newer, wire)]
struct StockReserved;

/// What never leaves the process has no older data.
#[derive(Event)]
#[event(name = "shop.shelf_seen", version = 2)]
struct ShelfSeen;

#[handler]
fn reserve(_event: &OrderPlaced) {}

fn main() {
    let previous = OrderPlaced::INFO.previous().expect("it has one");
    assert_eq!((previous.version(), previous.is_superseded()), (2, true));
    assert_eq!(previous.previous().map(|info| info.name()), Some("shop.order_made"));
    assert_eq!(OrderPlaced::INFO.aliases()[..2], ["shop.order", "com.github.pull_request/opened"]);
    assert_eq!(OrderPlaced::INFO.key_pointer(), Some("/order_id"));
    assert!(StockReserved::INFO.reads_newer() && !OrderPlaced::INFO.reads_newer());
    assert_eq!(StockReserved::INFO.previous().map(|info| info.version()), None);
    let _ = ShelfSeen;
    let report = Dispatcher::builder().build().expect("wired").emit(OrderPlaced { id: 7 });
    assert_eq!(report.done(), 1);
}
