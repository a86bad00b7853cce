#![allow(unused)]

use event_core::Event;

#[derive(Event)]
struct UserSignedUp {
    #[event(name = "mail")]
    email: String,
}

fn main() {}
