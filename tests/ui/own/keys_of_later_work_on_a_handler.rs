#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler(durable, id = "sales.count", alias = "count", retry(attempts = 10))]
fn count_sales(event: &OrderPlaced) {}

#[handler(queue = SALES, timeout = "5s", concurrency = 8)]
fn reserve_stock(event: &OrderPlaced) {}

fn main() {}
