//! The form of older editions.

use event_core::Dispatcher;
extern crate plug as _;

fn main() {
    roll_call::call(Dispatcher::builder());
}
