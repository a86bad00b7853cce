#![allow(unused)]

use event_core::{Dispatcher, Emitter, Event, handler, handlers};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
struct StockReserved;

struct Mailer;

#[handlers]
impl Mailer {
    #[handler]
    fn confirm(&self, event: &OrderPlaced) {}

    #[handler(after = confirm, before = [Mailer::archive, close])]
    fn log(&self, event: &OrderPlaced) {}

    #[handler]
    fn archive(&self, event: &OrderPlaced) {}

    #[handler]
    fn close(&self, event: &OrderPlaced) {}
}

fn main() {}
