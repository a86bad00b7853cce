#![allow(unused)]

use event_core::queue::Queue;
use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler(queue = Queue::new("mail"))]
fn count_sales(event: &OrderPlaced) {}

fn main() {}
