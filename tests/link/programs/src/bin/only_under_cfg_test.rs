//! Names the crate only where it is tested.

use event_core::Dispatcher;

#[cfg(test)]
use plug as _;

fn main() {
    roll_call::call(Dispatcher::builder());
}
