#![allow(unused)]

use event_core::{Event, handler};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", durable)]
struct OrderPlaced {
    order_id: u64,
}

#[handler(durable)]
async fn charge(event: &OrderPlaced) -> Result<(), String> {
    Ok(())
}

fn main() {}
