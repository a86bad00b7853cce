//! Ends deliveries that did not run inline.

use std::sync::Arc;

use crate::engine::deferred::finished_call::CallExtras;
use crate::engine::emission::Emission;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::deferred_event::{ErasedDeferredEvent, HandlerRef, SingleHandler};
use crate::engine::observers::EmissionObservers;
use crate::engine::state::DispatcherState;
use crate::report::status::{DeliveryStatus, SkipReason};

/// Ends one delivery that does not run inline, as `conclude` tells the emission. Returns how it ended.
pub(crate) fn settle(
    cascade: &mut Cascade,
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    target: &HandlerRef,
    conclude: impl FnOnce(&Emission<'_>),
) -> DeliveryStatus {
    settle_attempt(cascade, inner, event, target, 1, conclude)
}

/// Ends one delivery that does not run inline, and that may be a redelivery. Returns how it ended.
pub(crate) fn settle_attempt(
    cascade: &mut Cascade,
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    target: &HandlerRef,
    attempt: u32,
    conclude: impl FnOnce(&Emission<'_>),
) -> DeliveryStatus {
    let lookup = SingleHandler {
        inner,
        event,
        target,
        attempt,
    };
    let emission = Emission::new(inner, &lookup, event.lineage(), &cascade.state);
    conclude(&emission);
    if let Some(observed) = EmissionObservers::deferred(inner, event) {
        emission.notify_ended(&observed);
    }
    cascade.done += 1;
    let progress = cascade
        .state
        .get()
        .map(|state| state.borrow().progress.ended);
    cascade.end_emission(inner, event.lineage());
    progress.unwrap_or(DeliveryStatus::Done)
}

/// Ends the delivery of a subscription that was cancelled before its call. Tells observers, and counts
/// nothing. Returns how the delivery ended.
#[cold]
pub(crate) fn settle_cancelled(
    cascade: &mut Cascade,
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    target: &HandlerRef,
    extras: CallExtras,
) -> DeliveryStatus {
    let ended = DeliveryStatus::Skipped(SkipReason::Cancelled);
    if let Some(observed) = EmissionObservers::deferred(inner, event) {
        let lookup = SingleHandler {
            inner,
            event,
            target,
            attempt: 1,
        };
        let emission = Emission::new(inner, &lookup, event.lineage(), &cascade.state);
        extras.join(&emission);
        emission.notify_ended_as(&observed, ended);
    }
    ended
}
