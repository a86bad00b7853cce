#![allow(unused)]

use event_core::{AnyEvent, Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
struct Seen;

#[handler]
async fn audit(event: &dyn AnyEvent) -> Seen {
    Seen
}

fn main() {}
