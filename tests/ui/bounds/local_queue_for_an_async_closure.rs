#![allow(unused)]

use std::sync::Arc;

use event_core::queue::LocalQueue;
use event_core::{Dispatcher, Event};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct App;

static UI: LocalQueue<App> = LocalQueue::new("ui");

fn subscribe(dispatcher: &Dispatcher) {
    let options = dispatcher.subscription_builder().queue(&UI);
    let printing = options.subscribe_async(|event: Arc<OrderPlaced>| async {});
}

fn main() {}
