#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

const RESERVE_STOCK: fn(&OrderPlaced) = |_| {};

#[handler(after = RESERVE_STOCK)]
fn count_sales(event: &OrderPlaced) {}

fn main() {}
