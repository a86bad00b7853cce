#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
fn count_sales<const N: usize>(event: &OrderPlaced, counters: &[u64; N]) {}

fn main() {}
