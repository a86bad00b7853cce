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
    const LIMIT: usize = 3;

    #[handler]
    fn confirm(&self, event: &OrderPlaced) {}
}

fn main() {}
