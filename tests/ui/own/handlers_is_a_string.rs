#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(handlers = "many")]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
