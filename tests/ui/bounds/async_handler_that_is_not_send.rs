#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

use std::rc::Rc;

async fn pause() {}

#[handler]
async fn count_sales(event: &OrderPlaced) {
    let counter = Rc::new(1);
    pause().await;
    drop(counter);
}

fn main() {}
