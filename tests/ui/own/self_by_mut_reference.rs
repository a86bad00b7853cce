#![allow(unused)]

use event_core::{Event, handlers};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct Mailer;

#[handlers]
impl Mailer {
    #[handler]
    fn confirm(&mut self, event: &OrderPlaced) {}
}

fn main() {}
