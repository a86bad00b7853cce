#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct SalesCounter;

#[handler]
async fn count_sales(event: &OrderPlaced, sales: SalesCounter) {}

fn main() {}
