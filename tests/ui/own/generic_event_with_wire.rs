#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(wire)]
struct PostSave<T> {
    saved: T,
}

fn main() {}
