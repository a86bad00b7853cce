#![allow(unused)]

use std::ops::ControlFlow;

use event_core::queue::Queue;
use event_core::{Event, handler};

#[derive(Event)]
#[event(stoppable)]
struct OrderPlaced {
    order_id: u64,
}

type Flow = ControlFlow<()>;

static MAIL: Queue = Queue::new("mail");

#[handler(queue = MAIL)]
fn check_stock(event: &OrderPlaced) -> Flow {
    ControlFlow::Break(())
}

#[handler]
async fn check_price(event: &OrderPlaced) -> Flow {
    ControlFlow::Break(())
}

fn main() {}
