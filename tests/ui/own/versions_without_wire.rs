#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event)]
#[event(name = "shop.order_placed", version = 2, previous = OrderPlacedV1, alias = "shop.made")]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
#[event(name = "shop.order_placed", superseded)]
struct OrderPlacedV1 {
    order_id: u64,
}

#[derive(Event)]
#[event(name = "shop.stock_reserved", version = 2, no_previous, reads_newer)]
struct StockReserved;

#[derive(Serialize, Deserialize)]
struct Unrelated;

fn main() {}
