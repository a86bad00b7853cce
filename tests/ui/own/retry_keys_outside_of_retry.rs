#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler(retries = 3, attempts = 3, backoff = "1s..1m", when = is_temporary, ordered)]
async fn notify(event: &OrderPlaced) -> Result<(), String> {
    Ok(())
}

fn main() {}
