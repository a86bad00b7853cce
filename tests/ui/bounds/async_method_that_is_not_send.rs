#![allow(unused)]

use std::rc::Rc;

use event_core::{Event, handlers};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct Mailer;

async fn pause() {}

#[handlers]
impl Mailer {
    #[handler]
    async fn welcome(&self, event: &OrderPlaced) {
        let counter = Rc::new(1);
        pause().await;
        drop(counter);
    }
}

fn main() {}
