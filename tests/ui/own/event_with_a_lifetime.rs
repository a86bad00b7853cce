#![allow(unused)]

use event_core::Event;

#[derive(Event)]
struct OrderPlaced<'a> {
    customer: &'a str,
}

fn main() {}
