#![allow(unused)]

use event_core::{AnyEvent, Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
fn audit(event: &dyn AnyEvent) -> OrderPlaced {
    OrderPlaced { order_id: 7 }
}

fn main() {}
