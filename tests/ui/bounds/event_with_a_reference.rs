#![allow(unused)]

use event_core::Event;

#[derive(Event)]
struct OrderPlaced {
    email: &str,
    lines: &[[u64; 2]],
    tags: Vec<&str>,
    notify: fn(&str),
}

fn main() {}
