#![allow(unused)]

use event_core::{AnyEvent, Emitter, Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
fn audit(event: &dyn AnyEvent, emitter: Emitter<(OrderPlaced,)>) {}

fn main() {}
