#![allow(unused)]

use event_core::Event;

#[derive(Debug)]
struct OrderId(u64);

#[derive(Event)]
#[event(key = order_id)]
struct OrderPlaced {
    order_id: OrderId,
}

#[derive(Event)]
#[event(key = 1)]
struct Weighed(u64, f64);

fn main() {}
