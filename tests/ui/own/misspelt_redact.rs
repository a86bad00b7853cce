#![allow(unused)]

use event_core::Event;

#[derive(Event)]
struct UserSignedUp {
    #[event(redacted)]
    email: String,
}

fn main() {}
