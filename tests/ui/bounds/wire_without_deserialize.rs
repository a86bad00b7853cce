#![allow(unused)]

use event_core::Event;
use serde::Serialize;

#[derive(Event, Serialize)]
#[event(name = "shop.order_placed", wire)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
