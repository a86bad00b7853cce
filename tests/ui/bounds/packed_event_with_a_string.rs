#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[repr(packed)]
struct FrameReceived {
    sequence: u64,
    payload: String,
}

fn main() {}
