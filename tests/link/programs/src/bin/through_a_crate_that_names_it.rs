//! Uses a crate that says `use plug as _;`.

use event_core::Dispatcher;

fn main() {
    middle_that_names::work();
    roll_call::call(Dispatcher::builder());
}
