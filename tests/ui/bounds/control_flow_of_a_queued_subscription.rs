#![allow(unused)]

use std::ops::ControlFlow;

use event_core::queue::Queue;
use event_core::{Dispatcher, Event};

#[derive(Event)]
#[event(stoppable)]
struct OrderPlaced {
    order_id: u64,
}

static MAIL: Queue = Queue::new("mail");

fn subscribe(dispatcher: &Dispatcher) {
    let options = dispatcher.subscription_builder().queue(&MAIL);
    options.subscribe(|event: &OrderPlaced| ControlFlow::<()>::Break(()));
}

fn main() {}
