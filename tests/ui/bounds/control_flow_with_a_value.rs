#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
#[event(stoppable)]
struct OrderPlaced {
    order_id: u64,
}

use std::ops::ControlFlow;

#[handler]
fn check_stock(event: &OrderPlaced) -> ControlFlow<u64> {
    ControlFlow::Break(7)
}

fn main() {}
