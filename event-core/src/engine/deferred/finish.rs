//! TODO

use std::sync::Arc;

use crate::engine::deferred::call::CallExtras;
use crate::engine::deferred::event::DeferredDelivery;
use crate::engine::emission::cascade::Cascade;
use crate::engine::state::DispatcherState;
use crate::report::failure::Cause;
use crate::report::status::Ended;
use crate::runtime::Runtime;
use crate::{observer, panics};

impl DispatcherState {
    /// Ends a delivery that nobody runs any more, and whose emitter has its report: counted, told
    /// to observers, and, if it is a failure, told to whoever hears of those.
    #[cold]
    pub(crate) fn end_unrun(
        self: &Arc<Self>,
        item: DeferredDelivery,
        ended: Ended,
        queue: Option<&'static str>,
    ) {
        if ended == Ended::Abandoned {
            self.abandon(item, queue, observer::DeliveryTimer::default());
            return;
        }
        let mut root = Cascade::default();
        root.settle(self, &*item.event, &item.target, |emission| {
            emission.ended(ended);
        });
        panics::drop_caught(item);
        self.tell_all(root);
    }

    /// The same of one that is abandoned, which may have been under way.
    #[cold]
    pub(crate) fn abandon(
        self: &Arc<Self>,
        item: DeferredDelivery,
        queue: Option<&'static str>,
        under_way: observer::DeliveryTimer,
    ) {
        let mut root = Cascade::default();
        let (event, target) = (&*item.event, &item.target);
        root.settle_attempt(self, event, target, item.attempt, |emission| {
            CallExtras::of(under_way).join(emission);
            let event = item.event.as_any_event();
            emission.failed(event, Ended::Abandoned, self.abandoned(queue));
        });
        panics::drop_caught(item);
        self.tell_all(root);
    }

    /// Why nobody runs a delivery or an emission any more.
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

    /// Tells the failures of a root that nobody gets the report of.
    pub(crate) fn tell_all(&self, root: Cascade) {
        if root.record.get().is_none() {
            return;
        }
        let report = root.into_report();
        for failure in report.failures() {
            self.tell(failure);
        }
        report.discard();
    }
}
