#![allow(unused)]

use event_core::queue::Queue;
use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

static MAIL: Queue = Queue::new("mail");

#[handler(queue = MAIL, after = reserve_stock, concurrency = 3, timeout = "5s")]
fn count_sales(event: &OrderPlaced) {}

fn main() {}
