#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(priority = 3)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
