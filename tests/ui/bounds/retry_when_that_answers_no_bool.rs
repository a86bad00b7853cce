#![allow(unused)]

use event_core::queue::{LocalQueue, Queue};
use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

fn waits(error: &String) -> u64 {
    3
}

#[handler(retry(when = waits))]
async fn notify(event: &OrderPlaced) -> Result<(), String> {
    Ok(())
}

fn main() {}
