#![allow(unused)]

use event_core::{Dispatcher, Event};

#[derive(Event)]
struct OrderPlaced {
    total_cents: u64,
}

fn subscribe(dispatcher: &Dispatcher) {
    let calling = dispatcher
        .subscription_builder()
        .filter(|event: &OrderPlaced| event.total_cents)
        .subscribe(|event: &OrderPlaced| {});
}

fn main() {}
