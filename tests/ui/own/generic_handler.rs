#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
fn count_sales<T: Send>(event: &OrderPlaced, counter: &Vec<T>) {}

fn main() {}
