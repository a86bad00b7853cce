//! The shortest way to name a crate.

use event_core::Dispatcher;
use plug as _;

fn main() {
    roll_call::call(Dispatcher::builder());
}
