#![allow(unused)]

use std::ops::ControlFlow;

use event_core::queue::Queue;
use event_core::{Event, handler};

#[derive(Event)]
#[event(stoppable)]
struct OrderPlaced {
    order_id: u64,
}

static MAIL: Queue = Queue::new("mail");

#[handler(queue = MAIL)]
async fn check_stock(event: &OrderPlaced) -> ControlFlow<()> {
    ControlFlow::Break(())
}

fn main() {}
