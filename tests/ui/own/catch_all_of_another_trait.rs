#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

use std::any::Any;

#[handler]
fn audit(event: &dyn Any) {}

fn main() {}
