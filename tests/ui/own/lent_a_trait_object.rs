#![allow(unused)]

use event_core::queue::LocalQueue;
use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

trait Screen {}

static UI: LocalQueue<Box<dyn Screen>> = LocalQueue::new("ui");

#[handler(queue = UI)]
fn show(event: &OrderPlaced, screen: &mut dyn Screen) {}

fn main() {}
