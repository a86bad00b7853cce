#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler(max_retries = 3, tries = 4, max_attempts = 5)]
async fn notify(event: &OrderPlaced) -> Result<(), String> {
    Ok(())
}

fn main() {}
