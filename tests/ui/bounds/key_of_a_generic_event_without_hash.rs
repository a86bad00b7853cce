#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(key = 0)]
struct PostSave<T>(T);

fn main() {}
