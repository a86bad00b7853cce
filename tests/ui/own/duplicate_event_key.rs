#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(version = 1, version = 2)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
