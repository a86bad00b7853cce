#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

static MAIL: event_core::queue::Queue = event_core::queue::Queue::new("mail");

#[handler(quue = MAIL, retry(ordered))]
fn notify(event: &OrderPlaced) -> Result<(), String> {
    Ok(())
}

fn main() {}
