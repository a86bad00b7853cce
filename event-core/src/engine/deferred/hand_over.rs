//! The second phase of an emission: deferred deliveries are handed over.

use std::sync::Arc;

use crate::engine::deferred::conditions;
use crate::engine::deferred::finished_call::CallExtras;
use crate::engine::deferred::offer::{self, offer_again};
use crate::engine::deferred::precedence::{Completion, Precedence};
use crate::engine::deferred::redeliver::KeptDelivery;
use crate::engine::deferred::settle;
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::cascade_state::BlockedDelivery;
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::deferred_event::{ErasedDeferredEvent, HandlerRef};
use crate::engine::plan::concurrency::{ConcurrencyLimit, ConcurrencyPermit};
use crate::engine::plan::executor::{DeferredCall, ErasedSubscription, Executor, QueueExecutor};
use crate::engine::plan::subscriptions::{Step, Steps, SubscriptionList};
use crate::engine::queue::live::{LiveQueue, OfferResult, ServedBy};
use crate::engine::state::DispatcherState;
use crate::panics;
use crate::report::failure::Cause;
use crate::report::status::{DeliveryStatus, SkipReason};

/// Hands an event over to its queues, its tasks and its streams, in order.
///
/// `subscribed` are the subscriptions of when the emission began: a later subscription gets the next event.
/// The async handlers of a root that runs them itself are not handed over. `halted` is the reason why
/// nothing is handed over, if there is one.
pub(crate) fn hand_over(
    inner: &Arc<DispatcherState>,
    event: &Arc<dyn ErasedDeferredEvent>,
    subscribed: Option<&SubscriptionList<dyn ErasedSubscription>>,
    cascade: &mut Cascade,
    halted: Option<SkipReason>,
) {
    let is_structured = cascade.wait_policy == WaitPolicy::AwaitHandlers;
    let mut refused = conditions::ask_filters(inner, &**event, subscribed, cascade, halted)
        .into_iter()
        .peekable();
    let precedence = Precedence::new(inner, &**event, is_structured);
    let steps = Steps::new(0, event.deferred_count(inner), subscribed);
    for (position, step) in steps.enumerate() {
        let is_refused = refused.next_if_eq(&position).is_some();
        match step {
            Step::Handler(index) => {
                let completion = precedence.completion(index);
                let index = u32::try_from(index).unwrap_or(u32::MAX);
                if !is_refused {
                    hand_over_to_handler(inner, event, index, completion, cascade, halted);
                }
            }
            Step::Subscription(subscription) => {
                if !is_refused {
                    hand_over_subscription(inner, event, subscription, cascade, halted);
                }
            }
        }
    }
    if cascade.wait_policy.blocks() {
        wait_blocking(inner, cascade);
    }
}

/// Hands an event over to a handler whose filter holds.
fn hand_over_to_handler(
    inner: &Arc<DispatcherState>,
    event: &Arc<dyn ErasedDeferredEvent>,
    index: u32,
    completion: Option<Completion>,
    cascade: &mut Cascade,
    halted: Option<SkipReason>,
) {
    let target = HandlerRef::DeferredHandler(index);
    if let Some(skip) = stopped(cascade, halted) {
        settle::settle(cascade, inner, &**event, &target, |emission| {
            emission.skip(skip);
        });
        return;
    }
    match event.executor(inner, index) {
        Executor::Task(_) if cascade.wait_policy == WaitPolicy::AwaitHandlers => {}
        Executor::Task(executor) => match executor.limit.try_acquire() {
            Some(permit) => start_task(inner, event, target, permit, completion, cascade),
            None => reject_full(inner, event, &target, &executor.limit, cascade),
        },
        Executor::Queue(QueueExecutor { queue, label, .. }) => {
            let item = DeferredDelivery::queued(inner, Arc::clone(event), target, *label);
            let may_wait = cascade.wait_policy.waits();
            offer(inner, &inner.queues[*queue], item, may_wait, cascade);
        }
    }
}

/// Hands an event over to a subscription that does not run inline, and whose filter holds.
fn hand_over_subscription(
    inner: &Arc<DispatcherState>,
    event: &Arc<dyn ErasedDeferredEvent>,
    subscription: &Arc<dyn ErasedSubscription>,
    cascade: &mut Cascade,
    halted: Option<SkipReason>,
) {
    let call = subscription.call();
    let skip = stopped(cascade, halted);
    let is_own = cascade.wait_policy == WaitPolicy::AwaitHandlers
        && matches!(call, DeferredCall::Async { .. });
    if is_own && skip.is_none() {
        return;
    }
    if let Some(skip) = skip {
        conditions::skip_subscription(inner, &**event, subscription, cascade, skip);
        return;
    }
    let Some(reserved) = conditions::claim(inner, &**event, subscription, cascade) else {
        return;
    };
    let target = HandlerRef::Subscription(reserved);
    match call {
        DeferredCall::Async { limit, .. } => match limit.try_acquire() {
            Some(permit) => start_task(inner, event, target, permit, None, cascade),
            None => reject_full(inner, event, &target, limit, cascade),
        },
        DeferredCall::Stream(queue) => {
            let label = DeferredDelivery::UNLABELLED;
            let item = DeferredDelivery::untracked(Arc::clone(event), target, label);
            offer(inner, queue, item, cascade.wait_policy.waits(), cascade);
        }
        DeferredCall::Queued { executor, .. } => {
            let (queue, label) = (&inner.queues[executor.queue], executor.label);
            let item = DeferredDelivery::queued(inner, Arc::clone(event), target, label);
            // No build has checked that the queues of consumers and subscriptions do not wait for each
            // other.
            let may_wait = cascade.wait_policy.waits() && cascade.wait_policy.is_reported();
            offer(inner, queue, item, may_wait, cascade);
        }
    }
}

/// Returns the indexes of the deferred handlers of an event.
pub(crate) fn deferred_count(
    inner: &DispatcherState,
    event: &dyn ErasedDeferredEvent,
) -> std::ops::Range<u32> {
    0..u32::try_from(event.deferred_count(inner)).unwrap_or(u32::MAX)
}

/// Whether some async handler of the event waits for another.
pub(crate) fn is_ordered(inner: &DispatcherState, event: &dyn ErasedDeferredEvent) -> bool {
    deferred_count(inner, event).any(|index| match event.executor(inner, index) {
        Executor::Task(executor) => !executor.after.is_empty(),
        Executor::Queue(_) => false,
    })
}

/// Returns why no further delivery of the event is handed over, if so.
pub(crate) fn stopped(cascade: &Cascade, halted: Option<SkipReason>) -> Option<SkipReason> {
    halted.or_else(|| {
        (cascade.is_fail_fast() && cascade.has_failed()).then_some(SkipReason::EarlierFailure)
    })
}

fn item(
    inner: &DispatcherState,
    event: &Arc<dyn ErasedDeferredEvent>,
    target: HandlerRef,
) -> DeferredDelivery {
    DeferredDelivery::new(inner, Arc::clone(event), target)
}

/// Ends a delivery that no executor takes, as a failure.
pub(crate) fn reject(
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    target: &HandlerRef,
    cascade: &mut Cascade,
    cause: Cause,
) {
    let ended = cause.ended().unwrap_or(DeliveryStatus::Rejected);
    settle::settle(cascade, inner, event, target, |emission| {
        emission.failed(event.as_any_event(), ended, cause);
    });
}

/// Ends a delivery whose handler is at its limit, so that it can be redelivered.
fn reject_full(
    inner: &Arc<DispatcherState>,
    event: &Arc<dyn ErasedDeferredEvent>,
    target: &HandlerRef,
    limit: &Arc<ConcurrencyLimit>,
    cascade: &mut Cascade,
) {
    let item = item(inner, event, target.clone());
    let cause = Cause::Full(Arc::new(KeptDelivery::of_task(inner, item, limit)));
    reject(inner, &**event, target, cascade, cause);
}

fn start_task(
    inner: &Arc<DispatcherState>,
    event: &Arc<dyn ErasedDeferredEvent>,
    target: HandlerRef,
    permit: ConcurrencyPermit,
    completion: Option<Completion>,
    cascade: &mut Cascade,
) {
    if inner.runtime.is_none() {
        // Only a subscription can lack a runtime: a build refuses such handlers.
        reject(inner, &**event, &target, cascade, Cause::NoRuntime);
        return;
    }
    let item = item(inner, event, target);
    match inner.tasks.start(inner, item, permit, completion) {
        Ok(()) => cascade.hand_over(),
        Err(item) => reject(inner, &*item.event, &item.target, cascade, Cause::Closed),
    }
}

/// Offers a delivery to its queue, and settles the result. `may_wait` says whether the root may wait for
/// capacity for it.
pub(crate) fn offer(
    inner: &Arc<DispatcherState>,
    queue: &Arc<LiveQueue>,
    item: DeferredDelivery,
    may_wait: bool,
    cascade: &mut Cascade,
) {
    let is_blocked = |state: &crate::engine::emission::cascade_state::CascadeState| {
        let mut blocked = state.blocked.iter();
        blocked.any(|blocked| Arc::ptr_eq(&blocked.queue, queue))
    };
    // A delivery waits behind one that waits for the same queue, so that lanes keep their order.
    if cascade.wait_policy.waits()
        && cascade
            .state
            .get()
            .is_some_and(|state| is_blocked(&state.borrow()))
    {
        if may_wait {
            block(queue, item, cascade);
        } else {
            offered_to(inner, queue, OfferResult::NoCapacity(item), cascade);
        }
        return;
    }
    match offer::offer(queue, inner, item, None) {
        OfferResult::NoCapacity(item) if may_wait => block(queue, item, cascade),
        offered => {
            if let (OfferResult::NoConsumer(item), false) =
                (&offered, cascade.wait_policy.is_reported())
            {
                queue.buffer.count_abandoned(item.label);
            }
            offered_to(inner, queue, offered, cascade);
        }
    }
}

fn block(queue: &Arc<LiveQueue>, item: DeferredDelivery, cascade: &mut Cascade) {
    queue.count_wait();
    // A report of the root that a caller gets names the delivery.
    let slot = if cascade.wait_policy.is_reported() {
        None
    } else {
        queue.buffer.wait(&item)
    };
    cascade.state_mut().blocked.push(BlockedDelivery {
        queue: Arc::clone(queue),
        item,
        slot,
    });
}

/// Settles a delivery with the result of its offer to a queue.
pub(crate) fn offered_to(
    inner: &Arc<DispatcherState>,
    queue: &Arc<LiveQueue>,
    offered: OfferResult,
    cascade: &mut Cascade,
) {
    match offered {
        OfferResult::Waits => cascade.hand_over(),
        OfferResult::NoCapacity(item) | OfferResult::Rejected(item) => {
            queue.count(DeliveryStatus::Rejected);
            let (event, target) = (Arc::clone(&item.event), item.target.clone());
            let cause = Cause::Full(Arc::new(KeptDelivery::of_queue(inner, item, queue)));
            reject(inner, &*event, &target, cascade, cause);
        }
        OfferResult::Dropped(item) => {
            settle::settle(cascade, inner, &*item.event, &item.target, |emission| {
                emission.ended(DeliveryStatus::Dropped);
            });
            panics::drop_caught(item);
        }
        OfferResult::Panicked(item, payload) => {
            settle::settle(cascade, inner, &*item.event, &item.target, |emission| {
                emission.panicked(item.event.as_any_event(), payload);
            });
            panics::drop_caught(item);
        }
        // The stream was dropped, which cancels the subscription.
        OfferResult::Closed(item)
            if queue.serves() == ServedBy::Stream && !inner.closing.is_closed() =>
        {
            settle::settle_cancelled(
                cascade,
                inner,
                &*item.event,
                &item.target,
                item.attempt,
                CallExtras::default(),
            );
            panics::drop_caught(item);
        }
        OfferResult::Closed(item) => {
            queue.count(DeliveryStatus::Rejected);
            reject(inner, &*item.event, &item.target, cascade, Cause::Closed);
            panics::drop_caught(item);
        }
        OfferResult::NoConsumer(item) => {
            queue.count(DeliveryStatus::Abandoned);
            let cause = inner.abandoned(Some(queue.name));
            reject(inner, &*item.event, &item.target, cascade, cause);
            panics::drop_caught(item);
        }
    }
}

/// Blocks the thread until each blocked delivery was taken or refused by its queue.
pub(crate) fn wait_blocking(inner: &Arc<DispatcherState>, cascade: &mut Cascade) {
    if cascade.state.get().is_none() {
        return;
    }
    for mut blocked in std::mem::take(&mut cascade.state_mut().blocked) {
        loop {
            let queue = Arc::clone(&blocked.queue);
            queue.buffer.capacity_free_blocking();
            match offer_again(inner, blocked) {
                Ok(offered) => {
                    offered_to(inner, &queue, offered, cascade);
                    break;
                }
                Err(again) => blocked = again,
            }
        }
    }
}
