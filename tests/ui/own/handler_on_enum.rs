#![allow(unused)]

use event_core::handler;

#[handler]
enum Payment {
    Card,
    Cash,
}

fn main() {}
