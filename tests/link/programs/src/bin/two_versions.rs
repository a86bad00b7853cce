//! Has two versions of one handler crate.

use event_core::Dispatcher;
use twin_1 as _;
use twin_2 as _;

fn main() {
    roll_call::call(Dispatcher::builder());
}
