#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
async fn count_sales(event: &OrderPlaced) -> u64 {
    7
}

fn main() {}
