//! A static library, which a linker that knows nothing of Rust puts into a C program.

use event_core::Dispatcher;
use plug as _;
use twin_1 as _;

/// Prints the handlers of `plug`, which only register themselves, and of `listed`.
#[allow(
    unsafe_code,
    reason = "C finds the function by this name, and no other function here has it"
)]
#[unsafe(no_mangle)]
pub extern "C" fn call_the_roll() {
    roll_call::call(Dispatcher::builder().module(listed::MODULE));
}
