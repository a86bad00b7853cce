#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
fn reserve_stock(event: &OrderPlaced) {}

#[handler(after = reserve_stocks)]
fn count_sales(event: &OrderPlaced) {}

fn main() {}
