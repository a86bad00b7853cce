#![allow(unused)]

use std::ops::ControlFlow;

use event_core::{Event, handler};

#[derive(Event)]
#[event(stoppable)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
async fn check_stock(event: &OrderPlaced) -> ControlFlow<()> {
    ControlFlow::Break(())
}

fn main() {}
