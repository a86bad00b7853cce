#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler(retry(backoff = Duration::from_secs(1)..Duration::from_secs(5)))]
async fn notify(event: &OrderPlaced) -> Result<(), String> {
    Ok(())
}

fn main() {}
