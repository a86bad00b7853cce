#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(name = "order_placed")]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
