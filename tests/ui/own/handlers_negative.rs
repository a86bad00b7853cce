#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(handlers = -1)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
