#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

trait Clock {}

#[handler]
fn count_sales(event: &OrderPlaced, clock: &dyn Clock) {}

fn main() {}
