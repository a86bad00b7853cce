//! One error: the type is an event all the same, and a stoppable one.

#![allow(unused)]

use std::ops::ControlFlow;

use event_core::{Dispatcher, Event, handler};

#[derive(Event)]
#[event(nmae = "shop.order_placed", stoppable)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
fn check_stock(event: &OrderPlaced) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn main() {
    let dispatcher = Dispatcher::builder().build().unwrap();
    dispatcher.emit(OrderPlaced { order_id: 7 });
}
