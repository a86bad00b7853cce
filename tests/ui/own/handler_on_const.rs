#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
const COUNT_SALES: fn(&OrderPlaced) = |_| {};

fn main() {}
