#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", version = 2, previous = OrderPlacedV1, no_previous, wire)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", wire, superseded)]
struct OrderPlacedV1 {
    order_id: u64,
}

impl From<OrderPlacedV1> for OrderPlaced {
    fn from(OrderPlacedV1 { order_id }: OrderPlacedV1) -> Self {
        Self { order_id }
    }
}

fn main() {}
