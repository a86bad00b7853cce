#![allow(unused)]

use event_core::{Dispatcher, Event};

#[derive(Event)]
struct OrderPlaced {
    total_cents: u64,
}

#[derive(Event)]
struct OrderPaid;

fn subscribe(dispatcher: &Dispatcher) {
    let calling = dispatcher
        .subscription_builder()
        .filter(|event: &OrderPlaced| event.total_cents > 10_000)
        .subscribe(|event: &OrderPaid| {});
    let options = dispatcher
        .subscription_builder()
        .filter(|event: &OrderPlaced| event.total_cents > 10_000)
        .until(|event: &OrderPaid| true);
}

fn main() {}
