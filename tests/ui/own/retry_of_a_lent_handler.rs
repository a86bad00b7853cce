#![allow(unused)]

use event_core::queue::LocalQueue;
use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct App;

static UI: LocalQueue<App> = LocalQueue::new("ui");

#[handler(queue = UI, retry)]
fn show(event: &OrderPlaced, app: &mut App) {}

fn main() {}
