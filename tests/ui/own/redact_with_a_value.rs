#![allow(unused)]

use event_core::Event;

#[derive(Event)]
struct UserSignedUp {
    #[event(redact = "***")]
    email: String,
}

fn main() {}
