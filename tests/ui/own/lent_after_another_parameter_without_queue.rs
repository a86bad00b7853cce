#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct App;

struct Clock;

#[handler]
fn show(event: &OrderPlaced, clock: &Clock, app: &mut App) {}

fn main() {}
