#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(name = "shop.order_placed", schema)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
