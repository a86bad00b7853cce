#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(key = email)]
struct UserSignedUp {
    #[event(redact)]
    email: String,
}

fn main() {}
