#![allow(unused)]

use event_core::{dispatcher::DispatcherBuilder, Dispatcher};

fn dispatcher() {
    let dispatcher = Dispatcher::new();
    let builder = DispatcherBuilder::new();
}

fn main() {}
