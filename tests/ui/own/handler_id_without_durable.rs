#![allow(unused)]

use event_core::{Event, handler};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", durable)]
struct OrderPlaced {
    order_id: u64,
}

#[handler(id = "billing.charge", alias = "billing.take_payment")]
async fn charge(event: &OrderPlaced) -> Result<(), String> {
    Ok(())
}

fn main() {}
