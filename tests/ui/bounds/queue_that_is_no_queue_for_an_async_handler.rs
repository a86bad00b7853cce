#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

static NOT_A_QUEUE: u64 = 3;

#[handler(queue = NOT_A_QUEUE)]
async fn count_sales(event: &OrderPlaced) {}

fn main() {}
