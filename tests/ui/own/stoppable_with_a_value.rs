#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(stoppable = true)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
