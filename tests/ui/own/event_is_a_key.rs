#![allow(unused)]

use event_core::{Dispatcher, Emitter, Event, handler, handlers};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
struct StockReserved;

#[handler(event = OrderPlaced)]
fn confirm(event: &OrderPlaced) {}

fn main() {}
