#![allow(unused)]

use std::rc::Rc;

use event_core::{AnyEvent, Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

async fn pause() {}

#[handler]
async fn audit(event: &dyn AnyEvent) {
    let name = Rc::new(event.name());
    pause().await;
    drop(name);
}

fn main() {}
