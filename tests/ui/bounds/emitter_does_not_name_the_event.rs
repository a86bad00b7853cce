#![allow(unused)]

use event_core::{Emitter, Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
struct StockReserved;

#[derive(Event)]
struct StockMissing;

#[handler]
fn reserve_stock(event: &OrderPlaced, emitter: Emitter<(StockReserved,)>) {
    emitter.emit_after(StockMissing);
}

fn main() {}
