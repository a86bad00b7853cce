//! Why an event was not emitted.

use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::lineage::Lineage;
use crate::engine::state::DispatcherState;
use crate::event::any::AnyEvent;
use crate::meta::Meta;
use crate::nesting::NestingError;
use crate::report::failure::{Cause, Failure};

/// Why a root was not emitted.
pub(crate) enum EmitRefusal {
    Refused(NestingError),
    Closed,
    /// The event is in the journal that is replayed.
    Discarded,
}

impl Cascade {
    /// Makes this the report of a root that was not emitted. The event has the identity that it came in
    /// with, or else the one that it would have had.
    pub(crate) fn not_entered(
        &mut self,
        inner: &DispatcherState,
        event: &dyn AnyEvent,
        meta: Option<Meta>,
        why: &EmitRefusal,
    ) {
        let state = self.state_mut();
        state.details.events = 0;
        let failure = match why {
            EmitRefusal::Refused(refusal) => Failure::refused(*refusal),
            EmitRefusal::Closed => {
                state.details.closed = true;
                Failure::new(event.info(), None, Cause::Closed)
            }
            EmitRefusal::Discarded => {
                state.details.discarded += 1;
                return;
            }
        };
        let lineage = Lineage {
            meta,
            ..Lineage::here(inner)
        };
        state.fail(
            inner,
            failure.of(inner.snapshot(event, &lineage), lineage.scope()),
        );
    }

    /// Makes this the report of a root of one event that was not emitted.
    pub(crate) fn not_emitted(
        &mut self,
        inner: &DispatcherState,
        event: &dyn AnyEvent,
        meta: Option<Meta>,
        why: &EmitRefusal,
    ) {
        self.not_entered(inner, event, meta, why);
        if !matches!(why, EmitRefusal::Discarded) {
            self.state_mut().details.not_emitted += 1;
        }
    }
}
