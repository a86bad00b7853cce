//! Names the crate where nothing runs.

use event_core::Dispatcher;

#[allow(dead_code, reason = "naming is enough")]
fn never_called() -> u32 {
    plug::answer()
}

fn main() {
    roll_call::call(Dispatcher::builder());
}
