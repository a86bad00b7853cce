#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(key = order_id)]
enum Order {
    Placed { order_id: u64 },
    Shipped { order_id: u64 },
}

fn main() {}
