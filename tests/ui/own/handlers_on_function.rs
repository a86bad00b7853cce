#![allow(unused)]

use event_core::{Event, handlers};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handlers]
fn count_sales(event: &OrderPlaced) {}

fn main() {}
