#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(durable)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_shipped", durable, stoppable)]
struct OrderShipped {
    order_id: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_paid", durable, superseded)]
struct OrderPaidV1 {
    order_id: u64,
}

#[derive(Event)]
#[event(durable)]
struct Saved<T>(T);

fn main() {}
