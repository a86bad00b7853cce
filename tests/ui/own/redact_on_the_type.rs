#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(redact)]
struct UserSignedUp {
    email: String,
}

fn main() {}
