//! A handler crate of which a program has two versions. This is version 2.

use event_core::handler;
use roll_call::{Present, RollCalled};

#[handler]
fn in_each_version(_: &RollCalled) -> Present {
    Present
}
