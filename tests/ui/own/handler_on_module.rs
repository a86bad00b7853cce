#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
mod handlers {
    fn count_sales(event: &super::OrderPlaced) {}
}

fn main() {}
