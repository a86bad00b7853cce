#![allow(unused)]

use event_core::{Emitter, Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
struct StockReserved;

#[handler]
fn reserve_stock(event: &OrderPlaced, emit: &mut Emitter<(StockReserved,)>) {}

fn main() {}
