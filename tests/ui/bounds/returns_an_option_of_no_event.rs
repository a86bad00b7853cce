#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct StockReserved;

#[handler]
fn reserve_stock(event: &OrderPlaced) -> Option<StockReserved> {
    None
}

fn main() {}
