//! What an emitter chooses for one emission.

use std::sync::Arc;

use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::values::Values;

/// What an emitter chooses for one emission, and for all that it causes.
#[derive(Clone, Default)]
pub(crate) struct RootOptions {
    /// Values for handlers.
    pub(crate) values: Option<Arc<Values>>,
    /// The first failure ends the emission.
    pub(crate) fail_fast: bool,
    /// What handlers cause is discarded, as far as a record has it.
    pub(crate) replays: bool,
}

impl RootOptions {
    /// Whether nothing was chosen.
    pub(crate) fn is_default(&self) -> bool {
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
