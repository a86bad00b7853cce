#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(name = "OrderPlaced", version = 0, key = order)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
