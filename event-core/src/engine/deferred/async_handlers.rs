//! The async handlers of `emit_async`, which run side by side inside of one future.
//!
//! Each call is polled once as soon as it starts, and kept only if it is not ready then: where all calls are
//! ready at once, nothing is stored. Caused events are emitted in the order of the handlers and
//! subscriptions. Dropping the future cancels the deliveries that have not ended, counts them and tells
//! observers.

use std::sync::Arc;

use crate::engine::deferred::active_call::CallStage;
use crate::engine::deferred::call::AsyncCall;
use crate::engine::deferred::capacity::CapacityWait;
use crate::engine::deferred::concurrent::ConcurrentFutures;
use crate::engine::deferred::concurrent_calls::ConcurrentCalls;
use crate::engine::deferred::first_polls::{Plain, RemainingHandlers};
use crate::engine::deferred::hand_over;
use crate::engine::deferred::settle::{self, AttemptEvent};
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::deferred_event::{ErasedDeferredEvent, HandlerRef};
use crate::engine::plan::executor::DeferredSubscriptions;
use crate::engine::state::DispatcherState;
use crate::report::status::SkipReason;

/// Runs the async handlers of an event, and waits for capacity for its blocked deliveries.
pub(crate) async fn run(
    inner: &Arc<DispatcherState>,
    event: &Arc<dyn ErasedDeferredEvent>,
    subscribed: Option<DeferredSubscriptions>,
    cascade: &mut Cascade,
) {
    let capacity_wait = CapacityWait::take(inner, cascade);
    let attempt_event = AttemptEvent::Shared(event);
    let mut calls = ConcurrentCalls::new(inner, attempt_event, cascade, Some(0));
    calls.subscribed = subscribed;
    if hand_over::is_ordered(inner, &**event) {
        calls.ended = Some(vec![false; event.deferred_count(inner)]);
    }
    match capacity_wait {
        None => calls.start_all_and_wait().await,
        Some(capacity_wait) => calls.start_all_and_offer(capacity_wait).await,
    }
}

/// Continues an emission whose handlers are not all plainly done or plainly waiting.
pub(crate) async fn resume<'a>(
    inner: &'a Arc<DispatcherState>,
    event: &'a dyn ErasedDeferredEvent,
    cascade: &'a mut Cascade,
    rest: RemainingHandlers<'a>,
) {
    let attempt_event = AttemptEvent::Awaited(event);
    let mut calls = ConcurrentCalls::new(inner, attempt_event, cascade, rest.first);
    calls.plain = rest.waiting;
    if let Some((index, started)) = rest.started {
        let target = HandlerRef::DeferredHandler(handler_index(index));
        match AsyncCall::started(inner, event, started, 1) {
            Ok(call) => {
                let active = calls.delivery(target, index, CallStage::Runs(call), None);
                calls.active.keep(active);
            }
            Err(finished) => calls.finish(&target, index, finished),
        }
    }
    calls.start_all_and_wait().await;
}

/// Cancels the calls of an event that wait.
pub(crate) fn cancel(
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    cascade: &mut Cascade,
    waiting: ConcurrentFutures<Plain<'_>>,
) {
    ConcurrentCalls::new(inner, AttemptEvent::Awaited(event), cascade, None).plain = waiting;
}

/// Skips the async handlers of an event.
pub(crate) fn skip_all(
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    cascade: &mut Cascade,
    why: SkipReason,
) {
    for index in hand_over::deferred_count(inner, event) {
        settle::settle(
            cascade,
            inner,
            event,
            &HandlerRef::DeferredHandler(index),
            |emission| {
                emission.skip(why);
            },
        );
    }
}

/// Returns the index of a handler as a [`HandlerRef`] stores it.
pub(crate) fn handler_index(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
