//! A crate that has the framework under another name, and does not tell the macros which.
//!
//! ```
//! use facts::{Dispatcher, Event, handler};
//!
//! #[derive(Event)]
//! struct Sampled;
//!
//! #[handler]
//! fn in_a_sample(_: &Sampled) {}
//!
//! let dispatcher = Dispatcher::builder().only(in_a_sample).build()?;
//! assert_eq!(dispatcher.emit(Sampled).done(), 1);
//! # Ok::<(), facts::error::BuildError>(())
//! ```

use facts::dispatcher::DispatcherBuilder;
use facts::queue::{LocalQueue, Queue};
use facts::{AnyEvent, Dispatcher, Emitter, Event, handler, handlers};
use roll_call::{Present, RollCalled};

facts::module!(handlers = [at_the_root]);

/// A fact with every key that adds code.
#[derive(Event)]
#[event(name = "link.renamed", key = 0, handlers = 0.., stoppable)]
pub struct Renamed(pub u64, #[event(redact)] pub String);

/// A generic one.
#[derive(Event)]
pub struct Saved<T>(pub T);

/// A desk.
pub struct Desk;

static LATER: Queue = Queue::new("later");
static LENT: LocalQueue<Desk> = LocalQueue::new("lent");

/// The handlers of this crate that run inline.
#[must_use]
pub fn builder() -> DispatcherBuilder {
    let builder = Dispatcher::builder().module(MODULE).provide(Desk);
    builder.without(waits).without(runs_later)
}

#[handler]
fn at_the_root(_: &RollCalled) -> Present {
    Present
}

/// Emits.
#[handler(filter = is_any)]
pub fn emits(event: &Renamed, emitter: Emitter<Saved<u64>>) {
    emitter.emit_after(Saved(event.0));
}

fn is_any(_: &Renamed) -> bool {
    true
}

/// Waits.
#[handler(timeout = "5s")]
pub async fn waits(_: &Renamed, _desk: &Desk) {}

/// Runs later.
#[handler(queue = LATER)]
pub fn runs_later(_: &Renamed) {}

/// Is lent a desk.
#[handler(queue = LENT)]
pub fn is_lent(_: &Saved<u64>, _desk: &mut Desk) {}

/// Sees all of them.
#[handler(events = "link.renamed")]
pub fn sees(_: &dyn AnyEvent) {}

#[handlers]
impl Desk {
    #[handler]
    fn in_an_impl(_: &RollCalled) -> Present {
        Present
    }
}

#[cfg(test)]
mod tests {
    use facts::handler;
    use roll_call::{Present, RollCalled};

    #[handler]
    fn in_its_tests(_: &RollCalled) -> Present {
        Present
    }

    #[test]
    fn a_unit_test_has_the_handlers_of_a_crate_that_renames_the_framework() {
        assert_eq!(
            roll_call::answers(super::builder()),
            "renamed::Desk::in_an_impl\nrenamed::at_the_root\nrenamed::tests::in_its_tests"
        );
    }
}
