#![allow(unused)]

use event_core::{Event, handlers};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handlers]
trait Notify {
    #[handler]
    fn notify(&self, event: &OrderPlaced) {}
}

fn main() {}
