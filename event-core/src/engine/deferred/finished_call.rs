//! A call that ended, with its emitters and timer.

use std::sync::Arc;

use crate::engine::deferred::settle::{self, AttemptEnd, AttemptEvent, SettledAttempt};
use crate::engine::emission::Emission;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::deferred_event::HandlerRef;
use crate::engine::emission::emitter_buffer::EmitterBuffer;
use crate::engine::emission::first_poll::CallResult;
use crate::engine::observers::DeliveryTimer;
use crate::engine::plan::bound::HandlerResult;
use crate::engine::plan::bound::NotRun;
use crate::engine::state::DispatcherState;
use crate::nesting::NestingError;

/// The emitters and the timer of a call, however it ends.
#[derive(Default)]
pub(crate) struct CallExtras {
    /// The emitters that the handler was given.
    pub(crate) emitters: Vec<Arc<EmitterBuffer>>,
    /// What observers know of the call.
    pub(crate) timer: DeliveryTimer,
}

impl CallExtras {
    /// Makes the extras of a call without emitters.
    pub(crate) fn of(timer: DeliveryTimer) -> Self {
        Self {
            emitters: Vec::new(),
            timer,
        }
    }

    /// Adds the emitters and the timer to the emission that ends the delivery.
    pub(crate) fn join(self, emission: &Emission<'_>) {
        emission.attach_emitters(self.emitters);
        if self.timer.is_known() {
            let _ = emission.set_timer(self.timer);
        }
    }
}

/// A call that ended, with its extras.
pub(crate) struct FinishedCall {
    pub(crate) result: CallResult,
    pub(crate) extras: CallExtras,
    pub(crate) refused: Option<NestingError>,
    pub(crate) attempt: u32,
}

impl FinishedCall {
    /// Makes a first call that ended, without extras.
    pub(crate) fn plain(result: CallResult, refused: Option<NestingError>) -> Self {
        Self {
            result,
            extras: CallExtras::default(),
            refused,
            attempt: 1,
        }
    }

    /// Whether the delivery is done, without emitters and without refused emits.
    pub(crate) fn is_plain(&self) -> bool {
        self.result.is_done() && self.extras.emitters.is_empty() && self.refused.is_none()
    }

    /// Adds the outcome to a root. Returns how the attempt ended.
    pub(crate) fn settle(
        self,
        cascade: &mut Cascade,
        inner: &Arc<DispatcherState>,
        event: AttemptEvent<'_>,
        target: &HandlerRef,
    ) -> AttemptEnd {
        self.settle_attempt(cascade, inner, event, target).end
    }

    /// Adds the outcome to a root. Returns how the attempt ended, with its failure if another
    /// attempt follows.
    pub(crate) fn settle_attempt(
        self,
        cascade: &mut Cascade,
        inner: &Arc<DispatcherState>,
        event: AttemptEvent<'_>,
        target: &HandlerRef,
    ) -> SettledAttempt {
        cascade.note_refused(self.refused);
        if let CallResult::NotRun(NotRun::Cancelled) = self.result {
            let (attempt, extras) = (self.attempt, self.extras);
            let event = event.get();
            let ended = settle::settle_cancelled(cascade, inner, event, target, attempt, extras);
            return SettledAttempt {
                end: AttemptEnd::Ended(ended),
                failed: None,
            };
        }
        settle::settle_attempt(cascade, inner, event, target, self.attempt, |emission| {
            self.extras.join(emission);
            let event = event.get().as_any_event();
            match self.result {
                CallResult::Ended(HandlerResult::Done) => {}
                CallResult::Ended(HandlerResult::Effects(collected)) => {
                    emission.conclude(event, *collected);
                }
                CallResult::NotRun(why) => emission.not_run(event, why),
                CallResult::Panicked(payload) => emission.panicked(event, payload),
            }
        })
    }
}
