#![allow(unused)]

use event_core::{Dispatcher, Event};

fn emit_it<E: Event>(dispatcher: &Dispatcher, event: E) {
    dispatcher.emit(event);
}

fn main() {}
