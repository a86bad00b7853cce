//! Handlers wherever one can stand. Nothing calls them, and none is public.

mod module;

use event_core::{handler, handlers};
use roll_call::{Present, RollCalled};

event_core::module!();

/// What a program may use of this crate besides its handlers.
#[must_use]
pub fn answer() -> u32 {
    42
}

#[handler]
fn at_the_root(_: &RollCalled) -> Present {
    Present
}

struct Desk;

#[handlers]
impl Desk {
    #[handler]
    fn in_an_impl(_: &RollCalled) -> Present {
        Present
    }
}

#[allow(
    dead_code,
    reason = "the handler in it is linked although nobody calls it"
)]
fn never_called() {
    #[handler]
    fn in_a_dead_function(_: &RollCalled) -> Present {
        Present
    }
}
