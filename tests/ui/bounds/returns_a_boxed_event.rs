#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
struct StockReserved;

#[handler]
fn reserve_stock(event: &OrderPlaced) -> Box<StockReserved> {
    Box::new(StockReserved)
}

fn main() {}
