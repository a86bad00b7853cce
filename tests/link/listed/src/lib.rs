//! Handlers that a module lists, for programs whose linker drops what registers itself.

use event_core::{handler, handlers};
use roll_call::{Present, RollCalled};

event_core::module!(handlers = [at_the_root, module::in_a_module, Desk::in_an_impl]);

#[handler]
fn at_the_root(_: &RollCalled) -> Present {
    Present
}

mod module {
    use super::{Present, RollCalled, handler};

    #[handler]
    pub(super) fn in_a_module(_: &RollCalled) -> Present {
        Present
    }
}

struct Desk;

#[handlers]
impl Desk {
    #[handler]
    fn in_an_impl(_: &RollCalled) -> Present {
        Present
    }
}

mod unlisted {
    use super::{Present, RollCalled, handler};

    /// Not in the list: here if it registers itself, and else not.
    #[handler]
    fn in_no_list(_: &RollCalled) -> Present {
        Present
    }
}
