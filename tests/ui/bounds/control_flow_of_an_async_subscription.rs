#![allow(unused)]

use std::ops::ControlFlow;
use std::sync::Arc;

use event_core::{Dispatcher, Event};

#[derive(Event)]
#[event(stoppable)]
struct OrderPlaced {
    order_id: u64,
}

fn subscribe(dispatcher: &Dispatcher) {
    dispatcher.subscribe_async(async |event: Arc<OrderPlaced>| ControlFlow::<()>::Break(()));
}

fn main() {}
