#![allow(unused)]

use event_core::handlers;

#[handlers]
struct Mailer {
    address: String,
}

fn main() {}
