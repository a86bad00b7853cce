#![allow(unused)]

use event_core::{Event, handlers};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct Mailer;

#[handlers(priority = 3)]
impl Mailer {
    #[handler]
    fn confirm(&self, event: &OrderPlaced) {}
}

fn main() {}
