#![allow(unused)]

use event_core::{Dispatcher, DispatcherBuilder};

fn dispatcher() {
    let dispatcher = Dispatcher::new();
    let builder = DispatcherBuilder::new();
}

fn main() {}
