#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(version = 2_147_483_648)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}
