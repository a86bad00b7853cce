#![allow(unused)]

use event_core::Event;

#[derive(Event)]
union Amount {
    cents: u64,
    bits: u64,
}

fn main() {}
