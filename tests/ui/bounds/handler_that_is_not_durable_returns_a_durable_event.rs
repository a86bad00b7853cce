#![allow(unused)]

use event_core::{Event, handler};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", durable)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
struct CartSubmitted;

#[handler]
fn place(event: &CartSubmitted) -> Result<Option<OrderPlaced>, String> {
    Ok(None)
}

#[handler]
async fn place_again(event: &OrderPlaced) -> OrderPlaced {
    OrderPlaced { order_id: 7 }
}

fn main() {}
