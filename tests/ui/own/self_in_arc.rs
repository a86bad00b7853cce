#![allow(unused)]

use event_core::{Event, handlers};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

use std::sync::Arc;

struct Mailer;

#[handlers]
impl Mailer {
    #[handler]
    fn confirm(self: Arc<Self>, event: &OrderPlaced) {}
}

fn main() {}
