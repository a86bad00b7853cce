#![allow(unused)]

use event_core::Event;

#[derive(Event)]
enum Payment {
    #[event(redact)]
    Card {
        number: String,
    },
    Cash,
}

fn main() {}
