#![allow(unused)]

use event_core::Dispatcher;
use event_core::retry::RetryPolicy;

fn subscribe(dispatcher: &Dispatcher) {
    let options = dispatcher.subscription_builder().retry(RetryPolicy::new());
}

fn main() {}
