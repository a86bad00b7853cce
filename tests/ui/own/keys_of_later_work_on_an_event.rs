#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(durable, previous = OrderPlacedV1, alias = "order.placed")]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
