#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(key = id)]
struct BellRung;

fn main() {}
