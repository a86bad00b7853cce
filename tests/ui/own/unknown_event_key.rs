#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
