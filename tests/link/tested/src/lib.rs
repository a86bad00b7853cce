//! A crate whose tests emit: what a unit test, an integration test and a doc test have linked.
//!
//! Samples of edition 2024 are merged into one program. Each of them has the handlers of all, and
//! those of this crate, even if another sample named it:
//!
//! ```
//! use event_core::{Dispatcher, handler};
//! use roll_call::{Present, RollCalled};
//!
//! #[handler]
//! fn in_the_first_sample(_: &RollCalled) -> Present {
//!     Present
//! }
//!
//! let answers = roll_call::answers(Dispatcher::builder());
//! let ends = |end: &str| answers.lines().filter(|name| name.ends_with(end)).count();
//! assert_eq!(ends("in_the_first_sample"), 1, "{answers}");
//! assert_eq!(ends("in_the_second_sample"), 1, "{answers}");
//! assert_eq!(ends("tested::in_the_library"), 1, "{answers}");
//! assert_eq!(answers.lines().count(), 3, "{answers}");
//! ```
//!
//! ```
//! # use event_core::handler;
//! # use roll_call::{Present, RollCalled};
//! #
//! assert_eq!(tested::answer(), 42);
//!
//! #[handler]
//! fn in_the_second_sample(_: &RollCalled) -> Present {
//!     Present
//! }
//! ```
//!
//! A sample that stands alone has what it names:
//!
//! ```standalone_crate
//! # use event_core::{Dispatcher, handler};
//! # use roll_call::{Present, RollCalled};
//! #
//! #[handler]
//! fn in_a_sample_alone(_: &RollCalled) -> Present {
//!     Present
//! }
//!
//! let answers = roll_call::answers(Dispatcher::builder());
//! assert_eq!(answers.lines().count(), 1, "{answers}");
//! assert!(answers.ends_with("in_a_sample_alone"), "{answers}");
//! ```

use event_core::handler;
use roll_call::{Present, RollCalled};

/// What a test may use of this crate besides its handlers.
#[must_use]
pub fn answer() -> u32 {
    42
}

#[handler]
fn in_the_library(_: &RollCalled) -> Present {
    Present
}

#[cfg(test)]
mod tests {
    use event_core::{Dispatcher, handler};
    use roll_call::{Present, RollCalled};

    #[handler]
    fn in_its_tests(_: &RollCalled) -> Present {
        Present
    }

    #[test]
    fn a_unit_test_has_the_handlers_of_the_crate_and_of_its_tests() {
        assert_eq!(
            roll_call::answers(Dispatcher::builder()),
            "tested::in_the_library\ntested::tests::in_its_tests"
        );
    }
}
