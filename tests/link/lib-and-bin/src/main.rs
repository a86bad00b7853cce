//! Does not name the library of its own package.

use event_core::Dispatcher;

fn main() {
    roll_call::call(Dispatcher::builder());
}
