#![allow(unused)]

use event_core::Dispatcher;
use event_core::queue::LocalQueue;
use event_core::retry::RetryPolicy;

static UI: LocalQueue<u32> = LocalQueue::new("ui");

fn subscribe(dispatcher: &Dispatcher) {
    let options = dispatcher.subscription_builder().queue(&UI);
    let options = options.retry(RetryPolicy::new());
}

fn main() {}
