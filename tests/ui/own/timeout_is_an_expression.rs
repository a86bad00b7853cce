#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler(timeout = std::time::Duration::from_secs(5))]
async fn count_sales(event: &OrderPlaced) {}

fn main() {}
