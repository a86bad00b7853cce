#![allow(unused)]

use std::ops::ControlFlow;

use event_core::{Event, handler};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", durable)]
struct OrderPlaced {
    order_id: u64,
}

#[handler(durable, id = "billing.charge")]
fn charge(event: &OrderPlaced) -> ControlFlow<()> {
    ControlFlow::Break(())
}

fn main() {}
