#![allow(unused)]

use event_core::{Event, handlers};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct Mailer<'a>(&'a str);

#[handlers]
impl Mailer<'_> {
    #[handler]
    fn confirm(&self, event: &OrderPlaced) {}
}

fn main() {}
