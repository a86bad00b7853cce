#![allow(unused)]

use event_core::queue::Queue;
use event_core::{Event, handlers};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct Mailer;

static MAIL: Queue = Queue::new("mail");

#[handlers(queue = MAIL)]
impl Mailer {
    #[handler]
    fn confirm(&self, event: &OrderPlaced) {}
}

fn main() {}
