#![allow(unused)]

use std::ops::ControlFlow;

use event_core::queue::LocalQueue;
use event_core::{Dispatcher, Event};

#[derive(Event)]
#[event(stoppable)]
struct OrderPlaced {
    order_id: u64,
}

static UI: LocalQueue<u32> = LocalQueue::new("ui");

fn subscribe(dispatcher: &Dispatcher) {
    let options = dispatcher.subscription_builder().queue(&UI);
    options.subscribe(|event: &OrderPlaced, shown: &mut u32| ControlFlow::<()>::Break(()));
}

fn main() {}
