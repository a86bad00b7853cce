#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler(durable, id = "sales.count", alias = "count", retries = 10)]
fn count_sales(event: &OrderPlaced) {}

fn main() {}
