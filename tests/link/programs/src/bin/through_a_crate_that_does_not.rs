//! Uses a crate that has `plug` in its `Cargo.toml` alone.

use event_core::Dispatcher;

fn main() {
    middle_that_does_not::work();
    roll_call::call(Dispatcher::builder());
}
