//! The options of one emission.

use std::panic::Location;
use std::sync::Arc;

use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::values::Values;
use crate::nesting::tracker::Tracker;

/// The options of one emission, and of all that it causes.
#[derive(Clone, Default)]
pub(crate) struct RootOptions {
    /// The values that handlers take as `Context`.
    pub(crate) values: Option<Arc<Values>>,
    /// Whether the first failure ends the emission.
    pub(crate) fail_fast: bool,
    /// Whether caused events that can be in the journal are discarded.
    pub(crate) replays: bool,
    /// Tells the emitter when all that the root caused has ended.
    pub(crate) tracker: Option<Tracker>,
    /// The call that emits, if it is known. It is no option.
    pub(crate) emitted_at: Option<&'static Location<'static>>,
}

impl RootOptions {
    /// Whether no option is set.
    pub(crate) fn is_default(&self) -> bool {
        self.is_plain() && self.tracker.is_none()
    }

    /// Whether no option is set but the tracker.
    pub(crate) fn is_plain(&self) -> bool {
        self.values.is_none() && !self.fail_fast && !self.replays
    }

    pub(crate) fn cascade(&self, wait_policy: WaitPolicy) -> Cascade {
        let mut cascade = Cascade::with(wait_policy);
        if self.fail_fast {
            cascade.state_mut().fail_fast = true;
        }
        cascade
    }
}
