#![allow(unused)]

use event_core::queue::{LocalQueue, Queue};
use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

static NOT_A_QUEUE: u64 = 7;

#[handler(queue = NOT_A_QUEUE, retry)]
fn notify(event: &OrderPlaced) {}

fn main() {}
