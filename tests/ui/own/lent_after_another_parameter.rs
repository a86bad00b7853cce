#![allow(unused)]

use event_core::queue::LocalQueue;
use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct App;

static UI: LocalQueue<App> = LocalQueue::new("ui");

struct Clock;

#[handler(queue = UI)]
fn show(event: &OrderPlaced, clock: &Clock, app: &mut App) {}

fn main() {}
