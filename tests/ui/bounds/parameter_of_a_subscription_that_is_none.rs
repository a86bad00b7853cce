#![allow(unused)]

use event_core::{Dispatcher, Event};

#[derive(Event)]
struct OrderPlaced;

struct SalesCounter;

fn subscribe(dispatcher: &Dispatcher) {
    let counting = dispatcher
        .subscription_builder()
        .param::<SalesCounter>()
        .subscribe(|event: &OrderPlaced, sales: SalesCounter| {});
}

fn main() {}
