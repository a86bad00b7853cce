#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler(retry(when = |error| error.is_empty()))]
async fn notify(event: &OrderPlaced) -> Result<(), String> {
    Ok(())
}

fn main() {}
