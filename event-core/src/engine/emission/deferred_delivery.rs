//! One event for one handler, to run in a queue, in a task or from an outbox.

use std::sync::Arc;

use crate::engine::emission::deferred_event::{ErasedDeferredEvent, HandlerRef};
use crate::engine::state::DispatcherState;
use crate::handler_info::HandlerInfo;
use crate::nesting::tracker::TrackedDelivery;
use crate::queue::buffer::slots::Label;

/// One event for one handler.
pub(crate) struct DeferredDelivery {
    pub(crate) event: Arc<dyn ErasedDeferredEvent>,
    pub(crate) target: HandlerRef,
    /// Which delivery of the event to the target it is, from 1.
    pub(crate) attempt: u32,
    /// The number of the handler, if a queue runs it.
    pub(crate) label: Label,
    /// Kept until what the delivery caused was emitted, if the emission is tracked.
    pub(crate) tracked: Option<TrackedDelivery>,
}

impl DeferredDelivery {
    /// The label of a delivery that is not to a handler of a queue.
    pub(crate) const UNLABELLED: Label = Label::MAX;

    /// Makes the first delivery to a handler of a queue.
    pub(crate) fn queued(
        inner: &DispatcherState,
        event: Arc<dyn ErasedDeferredEvent>,
        target: HandlerRef,
        label: Label,
    ) -> Self {
        let delivery = || (event.info(), event.handler(inner, &target));
        let tracker = event.lineage().tracker.as_ref();
        let guard = tracker.and_then(|tracker| tracker.track_delivery(delivery));
        Self {
            tracked: guard,
            ..Self::untracked(event, target, label)
        }
    }

    /// Makes the first delivery to a task.
    pub(crate) fn new(
        inner: &DispatcherState,
        event: Arc<dyn ErasedDeferredEvent>,
        target: HandlerRef,
    ) -> Self {
        Self::queued(inner, event, target, Self::UNLABELLED)
    }

    /// Makes the first delivery of an emission that is not tracked, or to a stream, which nothing waits for.
    pub(crate) fn untracked(
        event: Arc<dyn ErasedDeferredEvent>,
        target: HandlerRef,
        label: Label,
    ) -> Self {
        Self {
            event,
            target,
            attempt: 1,
            label,
            tracked: None,
        }
    }

    pub(crate) fn handler(&self, inner: &DispatcherState) -> HandlerInfo {
        self.event.handler(inner, &self.target)
    }
}
