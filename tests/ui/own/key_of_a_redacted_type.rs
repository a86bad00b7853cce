#![allow(unused)]

use event_core::Event;
use event_core::event::Redacted;

#[derive(Event)]
#[event(key = email)]
struct UserSignedUp {
    email: Option<Redacted<String>>,
}

fn main() {}
