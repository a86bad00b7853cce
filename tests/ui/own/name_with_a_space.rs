#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(name = "shop.order placed")]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
