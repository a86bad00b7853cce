//! One error: the block and its other handlers are as they were.

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
    fn confirm(&self, event: OrderPlaced) -> u64 {
        event.order_id
    }

    #[handler(after = Self::confirm)]
    fn log(&self, event: &OrderPlaced) {}
}

event_core::module!(handlers = [Mailer::confirm, Mailer::log]);

fn main() {
    assert_eq!(Mailer.confirm(OrderPlaced { order_id: 7 }), 7);
}
