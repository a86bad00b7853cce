//! Calls one function of the library of its own package.

use event_core::Dispatcher;

fn main() {
    assert_eq!(lib_and_bin::answer(), 42);
    roll_call::call(Dispatcher::builder());
}
