#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", no_previous, wire)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
