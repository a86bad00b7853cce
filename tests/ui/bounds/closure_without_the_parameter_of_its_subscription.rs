#![allow(unused)]

use event_core::{Dispatcher, Event, Meta};

#[derive(Event)]
struct OrderPlaced;

fn subscribe(dispatcher: &Dispatcher) {
    let options = || dispatcher.subscription_builder();
    let without = options().param::<Meta>().subscribe(|event: &OrderPlaced| {});
    let unasked = options().subscribe(|event: &OrderPlaced, meta: Meta| {});
    let by_reference = options().param::<Meta>().subscribe(|event: &OrderPlaced, meta: &Meta| {});
}

fn main() {}
