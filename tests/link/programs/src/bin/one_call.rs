//! Uses one function of the crate.

use event_core::Dispatcher;

fn main() {
    assert_eq!(plug::answer(), 42);
    roll_call::call(Dispatcher::builder());
}
