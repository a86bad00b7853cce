#![allow(unused)]

use event_core::{Dispatcher, Event};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

fn subscribe(dispatcher: &Dispatcher) {
    let printing = dispatcher.subscribe(|event: &OrderPlaced| async {});
}

fn main() {}
