#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

use std::sync::Arc;

#[handler]
fn count_sales(event: Arc<OrderPlaced>) {}

fn main() {}
