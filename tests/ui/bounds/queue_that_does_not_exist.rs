#![allow(unused)]

use event_core::queue::Queue;
use event_core::{Event, handler};

static MAIL: Queue = Queue::new("mail");

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler(queue = MIAL)]
fn count_sales(event: &OrderPlaced) {}

fn main() {}
