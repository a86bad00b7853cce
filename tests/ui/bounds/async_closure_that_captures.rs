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
    let confirming = dispatcher
        .subscribe_async(async move |event: Arc<OrderPlaced>| mailer.confirm(event.order_id).await);
}

fn subscribe_with_options(dispatcher: &Dispatcher, mailer: Mailer) {
    let confirming = dispatcher
        .subscription_builder()
        .once()
        .subscribe_async(async move |event: Arc<OrderPlaced>| mailer.confirm(event.order_id).await);
}

fn main() {}
