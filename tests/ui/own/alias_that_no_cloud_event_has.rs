#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", alias = ["shop.order_made", "", "Order\nMade", "Order\u{fdd0}"], wire)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
