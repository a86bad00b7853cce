#![allow(unused)]

use event_core::{Event, handlers};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct Mailer;

trait Notify {
    fn notify(&self, event: &OrderPlaced);
}

#[handlers]
impl Notify for Mailer {
    #[handler]
    fn notify(&self, event: &OrderPlaced) {}
}

fn main() {}
