#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", wire, schema)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
