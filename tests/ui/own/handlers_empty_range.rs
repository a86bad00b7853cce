#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(handlers = 3..2)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
