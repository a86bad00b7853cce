#![allow(unused)]

use event_core::Dispatcher;
use event_core::queue::Queue;

const MAIL: Queue = Queue::new("mail");

fn subscribe(dispatcher: &Dispatcher) {
    let options = dispatcher.subscription_builder().queue(&MAIL);
    drop(options);
}

fn main() {}
