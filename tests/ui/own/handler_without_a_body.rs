#![allow(unused)]

use event_core::{Dispatcher, Emitter, Event, handler, handlers};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
struct StockReserved;

trait Confirms {
    #[handler]
    fn confirm(&self, event: &OrderPlaced);
}

fn main() {}
