//! Ends deliveries that did not run inline, also those that did not run to their end, and notifies of failures.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::deferred::finished_call::CallExtras;
use crate::engine::emission::Emission;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::deferred_event::{
    DeferredDelivery, ErasedDeferredEvent, HandlerRef, SingleHandler,
};
use crate::engine::observers::{DeliveryTimer, EmissionObservers};
use crate::engine::state::DispatcherState;
use crate::panics;
use crate::report::failure::Cause;
use crate::report::status::{DeliveryStatus, SkipReason};
use crate::runtime::Runtime;

/// Ends one delivery that does not run inline, as `conclude` tells the emission. Returns how it ended.
pub(crate) fn settle(
    cascade: &mut Cascade,
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    target: &HandlerRef,
    conclude: impl FnOnce(&Emission<'_>),
) -> DeliveryStatus {
    settle_as(cascade, inner, event, target, 1, conclude)
}

/// Ends one delivery that does not run inline, whatever attempt it is. Returns how it ended.
pub(crate) fn settle_as(
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
        retry: None,
    };
    match end_attempt(cascade, &lookup, conclude) {
        AttemptEnd::Ended(ended) => ended,
        AttemptEnd::Failed { .. } => unreachable!("without a policy no delivery is tried again"),
    }
}

/// How an attempt of a delivery ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AttemptEnd {
    /// The delivery has ended.
    Ended(DeliveryStatus),
    /// The delivery is tried again after this time.
    Failed { wait: Duration },
}

/// Ends an attempt of a delivery that does not run inline, and ends the delivery, unless the handler's policy
/// has it tried again.
pub(crate) fn settle_attempt(
    cascade: &mut Cascade,
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    target: &HandlerRef,
    attempt: u32,
    conclude: impl FnOnce(&Emission<'_>),
) -> AttemptEnd {
    let lookup = SingleHandler {
        inner,
        event,
        target,
        attempt,
        retry: event.retry(inner, target),
    };
    end_attempt(cascade, &lookup, conclude)
}

fn end_attempt(
    cascade: &mut Cascade,
    lookup: &SingleHandler<'_>,
    conclude: impl FnOnce(&Emission<'_>),
) -> AttemptEnd {
    let SingleHandler { inner, event, .. } = *lookup;
    let emission = Emission::new(inner, lookup, event.lineage(), &cascade.state);
    conclude(&emission);
    let failed = emission.take_failed_attempt();
    if let Some(observed) = EmissionObservers::deferred(inner, event) {
        match &failed {
            None => emission.notify_ended(&observed),
            Some(failed) => emission.notify_attempt_failed(&observed, failed),
        }
    }
    if let Some(failed) = failed {
        cascade.end_emission(inner, event.lineage());
        return AttemptEnd::Failed { wait: failed.wait };
    }
    cascade.done += 1;
    let progress = cascade
        .state
        .get()
        .map(|state| state.borrow().progress.ended);
    cascade.end_emission(inner, event.lineage());
    AttemptEnd::Ended(progress.unwrap_or(DeliveryStatus::Done))
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
            retry: None,
        };
        let emission = Emission::new(inner, &lookup, event.lineage(), &cascade.state);
        extras.join(&emission);
        emission.notify_ended_as(&observed, ended);
    }
    ended
}

impl DispatcherState {
    /// Ends a delivery that will not run, and whose emitter has its report: counts the delivery, tells
    /// observers, and notifies of a failure.
    #[cold]
    pub(crate) fn end_not_run(
        self: &Arc<Self>,
        item: DeferredDelivery,
        ended: DeliveryStatus,
        queue: Option<&'static str>,
    ) {
        if ended == DeliveryStatus::Abandoned {
            self.abandon(item, queue, DeliveryTimer::default());
            return;
        }
        let mut cascade = Cascade::default();
        settle(&mut cascade, self, &*item.event, &item.target, |emission| {
            emission.ended(ended);
        });
        panics::drop_caught(item);
        self.notify_failures(cascade);
    }

    /// Ends a delivery that is abandoned, which may have been running.
    #[cold]
    pub(crate) fn abandon(
        self: &Arc<Self>,
        item: DeferredDelivery,
        queue: Option<&'static str>,
        timer: DeliveryTimer,
    ) {
        let mut cascade = Cascade::default();
        let (event, target) = (&*item.event, &item.target);
        settle_as(
            &mut cascade,
            self,
            event,
            target,
            item.attempt,
            |emission| {
                CallExtras::of(timer).join(emission);
                let event = item.event.as_any_event();
                emission.failed(event, DeliveryStatus::Abandoned, self.abandoned(queue));
            },
        );
        panics::drop_caught(item);
        self.notify_failures(cascade);
    }

    /// Returns why a delivery or an emission is abandoned.
    #[cold]
    pub(crate) fn abandoned(&self, queue: Option<&'static str>) -> Cause {
        let has_ended = !self.closing.is_closed() && self.has_runtime_ended();
        if has_ended {
            Cause::RuntimeEnded { queue }
        } else {
            Cause::Abandoned { queue }
        }
    }

    #[cold]
    pub(crate) fn has_runtime_ended(&self) -> bool {
        self.runtime.as_ref().is_some_and(Runtime::has_ended)
    }

    /// Notifies of the failures of a root whose report no caller gets.
    pub(crate) fn notify_failures(&self, cascade: Cascade) {
        if cascade.state.get().is_none() {
            return;
        }
        let report = cascade.into_report();
        for failure in report.failures() {
            self.notify_failure(failure);
        }
        report.discard();
    }
}
