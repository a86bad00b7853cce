#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct App;

#[handler]
async fn show(event: &OrderPlaced, app: &mut App) {}

fn main() {}
