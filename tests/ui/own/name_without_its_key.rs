#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event("shop.order_placed")]
struct OrderPlaced;

fn main() {}
