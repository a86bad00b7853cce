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
    /// It is in the record that is replayed.
    Discarded,
}

impl Cascade {
    /// Makes this the report of a root that was not emitted. The event has the identity that it came
    /// with, or else the one that it would have had.
    pub(crate) fn not_entered(
        &mut self,
        inner: &DispatcherState,
        event: &dyn AnyEvent,
        meta: Option<Meta>,
        why: &EmitRefusal,
    ) {
        let more = self.more();
        more.details.events = 0;
        let failure = match why {
            EmitRefusal::Refused(refusal) => Failure::refused(*refusal),
            EmitRefusal::Closed => {
                more.details.closed = true;
                Failure::new(event.info(), None, Cause::Closed)
            }
            EmitRefusal::Discarded => {
                more.details.discarded += 1;
                return;
            }
        };
        let origin = Lineage {
            stamp: meta,
            ..Lineage::here(inner)
        };
        more.fail(
            inner,
            failure.of(inner.snapshot(event, &origin), origin.stand()),
        );
    }

    /// The same of a root of one event.
    pub(crate) fn not_emitted(
        &mut self,
        inner: &DispatcherState,
        event: &dyn AnyEvent,
        meta: Option<Meta>,
        why: &EmitRefusal,
    ) {
        self.not_entered(inner, event, meta, why);
        if !matches!(why, EmitRefusal::Discarded) {
            self.more().details.not_emitted += 1;
        }
    }
}
