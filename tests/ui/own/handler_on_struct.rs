#![allow(unused)]

use event_core::handler;

#[handler]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
