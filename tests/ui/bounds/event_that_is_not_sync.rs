#![allow(unused)]

use std::rc::Rc;

use event_core::Event;

#[derive(Event)]
struct OrderPlaced {
    order_id: Rc<u64>,
}

fn main() {}
