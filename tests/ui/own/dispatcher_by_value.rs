use event_core::{Dispatcher, Event, handler};

#[derive(Event)]
struct OrderPlaced;

#[handler]
fn remind(_event: &OrderPlaced, dispatcher: Dispatcher) {
    drop(dispatcher);
}

fn main() {}
