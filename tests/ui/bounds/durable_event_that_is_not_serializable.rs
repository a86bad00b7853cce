#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(name = "shop.order_placed", durable)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
