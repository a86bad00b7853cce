#![allow(unused)]

use event_core::Event;

struct Card(String);

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
    card: Card,
}

fn main() {}
