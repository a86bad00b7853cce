#![allow(unused)]

use event_core::{Dispatcher, Event, Meta};

fn subscribe(dispatcher: &Dispatcher) {
    let options = dispatcher.subscription_builder().param::<Meta>().param::<Meta>();
    let options = options.param::<Meta>().param::<Meta>();
}

fn main() {}
