#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(handlers = 1..)]
struct PostSave<T> {
    saved: T,
}

fn main() {}
