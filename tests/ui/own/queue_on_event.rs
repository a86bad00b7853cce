#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(queue = MAIL, timeout = "5s")]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
