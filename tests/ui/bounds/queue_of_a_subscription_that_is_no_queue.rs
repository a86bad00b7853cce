#![allow(unused)]

use event_core::Dispatcher;

static MAIL: &str = "mail";

fn subscribe(dispatcher: &Dispatcher) {
    let options = dispatcher.subscription_builder().queue(&MAIL);
}

fn main() {}
