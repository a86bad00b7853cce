#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct Mailer;

impl Mailer {
    #[handler]
    fn confirm(event: &OrderPlaced) {}
}

fn main() {}
