#![allow(unused)]

use event_core::queue::{LocalQueue, Queue};
use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

fn is_temporary(error: &String) -> bool {
    error == "busy"
}

#[handler(retry(when = is_temporary))]
async fn notify(event: &OrderPlaced) {}

fn main() {}
