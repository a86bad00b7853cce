#![allow(unused)]

use event_core::Event;

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

fn count_sales(event: &OrderPlaced) {}

event_core::module!(handlers = [count_sales]);

fn main() {}
