#![allow(unused)]

use std::sync::Arc;

use event_core::{Dispatcher, Event};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Clone)]
struct Mailer;

impl Mailer {
    async fn confirm(&self, order_id: u64) {}
}

fn subscribe(dispatcher: &Dispatcher, mailer: Mailer) {
    let confirming = dispatcher.subscribe_async(move |event: Arc<OrderPlaced>| async move {
        mailer.confirm(event.order_id).await
    });
}

fn main() {}
