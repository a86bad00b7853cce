//! Names the crate's module in the builder.

use event_core::Dispatcher;

fn main() {
    roll_call::call(Dispatcher::builder().module(plug::MODULE));
}
