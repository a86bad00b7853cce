//! A module in a file of its own, of which nothing else names anything.

use event_core::handler;
use roll_call::{Present, RollCalled};

#[handler]
fn in_a_module(_: &RollCalled) -> Present {
    Present
}

mod deep {
    use super::{Present, RollCalled, handler};

    #[handler]
    fn in_a_deep_module(_: &RollCalled) -> Present {
        Present
    }
}
