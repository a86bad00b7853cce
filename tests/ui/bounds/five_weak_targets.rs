#![allow(unused)]

use std::sync::Arc;

use event_core::Dispatcher;

fn subscribe(dispatcher: &Dispatcher, target: &Arc<u8>) {
    let options = dispatcher.subscription_builder().weak(target).weak(target);
    let options = options.weak(target).weak(target).weak(target);
}

fn main() {}
