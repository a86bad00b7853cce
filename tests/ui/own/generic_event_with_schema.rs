#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(schema)]
struct PostSave<T> {
    saved: T,
}

fn main() {}
