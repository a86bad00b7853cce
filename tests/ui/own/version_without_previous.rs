#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", version = 2, wire)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.stock_reserved", version = 5, alias = "shop.reserved", wire, superseded)]
struct StockReservedV5;

fn main() {}
