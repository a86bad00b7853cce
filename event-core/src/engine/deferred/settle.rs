//! Ends deliveries that did not run inline, also those that did not run to their end, and notifies of failures.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::deferred::finished_call::CallExtras;
use crate::engine::deferred::redeliver::KeptDelivery;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::cascade_state::FailedAttempt;
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::deferred_event::{ErasedDeferredEvent, HandlerRef};
use crate::engine::emission::single_handler::SingleHandler;
use crate::engine::emission::{Emission, HandlerLookup};
use crate::engine::observers::{DeliveryTimer, EmissionObservers};
use crate::engine::state::DispatcherState;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::panics;
use crate::report::failure::Cause;
use crate::report::redeliver::Redeliver;
use crate::report::status::{DeliveryStatus, SkipReason};
use crate::retry::RetryPolicy;
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
    match end_attempt(cascade, &lookup, inner, event, conclude).end {
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

/// How an attempt ended, with its failure if another attempt follows.
pub(crate) struct SettledAttempt {
    pub(crate) end: AttemptEnd,
    /// An attempt that is followed by another.
    #[cfg_attr(
        not(feature = "serde"),
        allow(dead_code, reason = "an outbox reads it")
    )]
    pub(crate) failed: Option<Box<FailedAttempt>>,
}

/// The event of an attempt.
#[derive(Clone, Copy)]
pub(crate) enum AttemptEvent<'a> {
    Shared(&'a Arc<dyn ErasedDeferredEvent>),
    /// The event is in the future of an `emit_async`, which shares it once its handlers have ended.
    Awaited(&'a dyn ErasedDeferredEvent),
}

impl<'a> AttemptEvent<'a> {
    pub(crate) fn get(self) -> &'a dyn ErasedDeferredEvent {
        match self {
            Self::Shared(event) => &**event,
            Self::Awaited(event) => event,
        }
    }
}

/// Ends an attempt of a delivery that does not run inline, and ends the delivery, unless the handler's policy
/// has it tried again.
pub(crate) fn settle_attempt(
    cascade: &mut Cascade,
    inner: &Arc<DispatcherState>,
    event: AttemptEvent<'_>,
    target: &HandlerRef,
    attempt: u32,
    conclude: impl FnOnce(&Emission<'_>),
) -> SettledAttempt {
    let lookup = AttemptLookup {
        handler: SingleHandler {
            inner,
            event: event.get(),
            target,
            attempt,
            retry: event.get().retry(inner, target),
        },
        event,
    };
    end_attempt(cascade, &lookup, inner, event.get(), conclude)
}

/// The handler of an attempt, whose delivery is kept if it fails.
struct AttemptLookup<'a> {
    handler: SingleHandler<'a>,
    event: AttemptEvent<'a>,
}

impl HandlerLookup for AttemptLookup<'_> {
    fn event(&self) -> &'static EventInfo {
        HandlerLookup::event(&self.handler)
    }

    fn handler(&self, position: usize) -> HandlerInfo {
        self.handler.handler(position)
    }

    fn as_event<'a>(&self, event: &'a dyn Any) -> &'a dyn AnyEvent {
        self.handler.as_event(event)
    }

    fn attempt(&self) -> u32 {
        self.handler.attempt()
    }

    fn keep(&self) -> Option<Arc<dyn Redeliver>> {
        let AttemptEvent::Shared(event) = self.event else {
            return None;
        };
        let SingleHandler { inner, target, .. } = self.handler;
        let kept = KeptDelivery::of_failed(inner, event, target)?;
        Some(Arc::new(kept))
    }

    fn retry(&self, position: usize) -> Option<&RetryPolicy> {
        self.handler.retry(position)
    }
}

fn end_attempt(
    cascade: &mut Cascade,
    lookup: &dyn HandlerLookup,
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    conclude: impl FnOnce(&Emission<'_>),
) -> SettledAttempt {
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
        return SettledAttempt {
            end: AttemptEnd::Failed { wait: failed.wait },
            failed: Some(failed),
        };
    }
    cascade.done += 1;
    let progress = cascade
        .state
        .get()
        .map(|state| state.borrow().progress.ended);
    cascade.end_emission(inner, event.lineage());
    SettledAttempt {
        end: AttemptEnd::Ended(progress.unwrap_or(DeliveryStatus::Done)),
        failed: None,
    }
}

/// Ends the delivery of a subscription that was cancelled before its call. Tells observers, and counts
/// nothing. Returns how the delivery ended.
#[cold]
pub(crate) fn settle_cancelled(
    cascade: &mut Cascade,
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    target: &HandlerRef,
    attempt: u32,
    extras: CallExtras,
) -> DeliveryStatus {
    let ended = DeliveryStatus::Skipped(SkipReason::Cancelled);
    if let Some(observed) = EmissionObservers::deferred(inner, event) {
        let lookup = SingleHandler {
            inner,
            event,
            target,
            attempt,
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
