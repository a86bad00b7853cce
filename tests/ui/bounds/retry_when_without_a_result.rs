#![allow(unused)]

use event_core::queue::{LocalQueue, Queue};
use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

static MAIL: Queue = Queue::new("mail");

fn is_temporary(error: &String) -> bool {
    error == "busy"
}

#[handler(queue = MAIL, retry(when = is_temporary))]
fn notify(event: &OrderPlaced) {}

fn main() {}
