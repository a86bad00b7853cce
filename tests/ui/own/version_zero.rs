#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(version = 0)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
