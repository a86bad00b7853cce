#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

use std::cell::Cell;

#[handler]
async fn count_sales(event: &OrderPlaced, sales: &Cell<u64>) {}

fn main() {}
