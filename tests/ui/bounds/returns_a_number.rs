#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
fn count_sales(event: &OrderPlaced) -> u64 {
    event.order_id
}

fn main() {}
