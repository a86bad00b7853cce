#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(key = "order_id")]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
