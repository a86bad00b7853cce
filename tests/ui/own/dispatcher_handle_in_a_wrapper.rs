use std::sync::Arc;

use event_core::dispatcher::DispatcherHandle;
use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced;

#[handler]
fn remind(_event: &OrderPlaced, dispatcher: Option<DispatcherHandle>) {
    drop(dispatcher);
}

#[handler]
fn report(_event: &OrderPlaced, dispatcher: Arc<DispatcherHandle>) {
    drop(dispatcher);
}

fn main() {}
