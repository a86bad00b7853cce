#![allow(unused)]

use event_core::queue::{LocalQueue, Queue};
use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

// The error of the return type is reported once, whatever judges it.
fn is_temporary(error: &String) -> bool {
    true
}

#[handler(retry(when = is_temporary))]
async fn notify(event: &OrderPlaced) -> u64 {
    7
}

fn main() {}
