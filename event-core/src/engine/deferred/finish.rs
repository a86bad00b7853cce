//! Ends deliveries that did not run to their end, and notifies of failures.

use std::sync::Arc;

use crate::engine::deferred::finished_call::CallExtras;
use crate::engine::deferred::settle;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::deferred_event::DeferredDelivery;
use crate::engine::observers::DeliveryTimer;
use crate::engine::state::DispatcherState;
use crate::panics;
use crate::report::failure::Cause;
use crate::report::status::DeliveryStatus;
use crate::runtime::Runtime;

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
        settle::settle(&mut cascade, self, &*item.event, &item.target, |emission| {
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
        settle::settle_attempt(
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
