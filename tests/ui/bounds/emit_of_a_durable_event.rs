#![allow(unused)]

use event_core::{Event, handler, PendingEvents};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", durable)]
struct OrderPlaced {
    order_id: u64,
}

fn main() {
    let dispatcher = event_core::Dispatcher::empty().build().unwrap();
    dispatcher.emit(OrderPlaced { order_id: 7 });
    let mut pending = PendingEvents::new();
    pending.record(OrderPlaced { order_id: 8 });
}
