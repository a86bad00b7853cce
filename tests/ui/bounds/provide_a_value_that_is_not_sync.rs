#![allow(unused)]

use event_core::Dispatcher;

use std::cell::Cell;

fn main() {
    let _ = Dispatcher::builder().provide(Cell::new(7));
}
