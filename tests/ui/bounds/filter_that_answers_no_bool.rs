#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

fn total(event: &OrderPlaced) -> u64 {
    event.order_id
}

#[handler(filter = total)]
fn count_sales(event: &OrderPlaced) {}

fn main() {}
