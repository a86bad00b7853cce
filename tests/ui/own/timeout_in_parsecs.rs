#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler(timeout = "5 parsecs")]
async fn count_sales(event: &OrderPlaced) {}

fn main() {}
