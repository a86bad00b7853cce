#![allow(unused)]

use event_core::{Dispatcher, Event};

fn count<E: Event>(dispatcher: &Dispatcher) {
    dispatcher.subscribe(|event: &E| {}).detach();
}

fn main() {}
