#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

use std::ops::ControlFlow;

#[handler]
fn check_stock(event: &OrderPlaced) -> ControlFlow<()> {
    ControlFlow::Break(())
}

fn main() {}
