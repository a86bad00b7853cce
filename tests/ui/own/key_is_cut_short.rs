use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced;

#[handler(prio = 3)]
fn pick(_event: &OrderPlaced) {}

#[handler(OrderPlaced)]
fn ship(_event: &OrderPlaced) {}

fn main() {}
