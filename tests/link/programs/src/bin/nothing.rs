//! The package depends on `plug`, and this program does not name it.

use event_core::Dispatcher;

fn main() {
    roll_call::call(Dispatcher::builder());
}
