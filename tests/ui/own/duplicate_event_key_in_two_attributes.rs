#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(name = "shop.order_placed")]
#[event(name = "shop.order_accepted")]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
