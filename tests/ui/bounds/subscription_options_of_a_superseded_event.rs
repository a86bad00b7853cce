#![allow(unused)]

use std::sync::Arc;

use event_core::queue::Overflow;
use event_core::{Dispatcher, Event};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", wire, superseded)]
struct OrderPlacedV1 {
    order_id: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", version = 2, previous = OrderPlacedV1, wire)]
struct OrderPlaced {
    order_id: u64,
}

impl From<OrderPlacedV1> for OrderPlaced {
    fn from(OrderPlacedV1 { order_id }: OrderPlacedV1) -> Self {
        Self { order_id }
    }
}

fn main() {
    let dispatcher = Dispatcher::empty().build().unwrap();
    dispatcher.subscription_builder().once().subscribe(|event: &OrderPlacedV1| {}).detach();
    dispatcher
        .subscription_builder()
        .once()
        .subscribe_async(|event: Arc<OrderPlacedV1>| async {})
        .detach();
}
