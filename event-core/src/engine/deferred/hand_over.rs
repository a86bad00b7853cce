//! The second phase of an emission: what does not run inline is handed over.

use std::sync::Arc;

use crate::engine::deferred::call::CallExtras;
use crate::engine::deferred::event::{DeferredDelivery, ErasedDeferredEvent, HandlerRef};
use crate::engine::deferred::precedence::{Completion, Precedence};
use crate::engine::deferred::redeliver::RejectedDelivery;
use crate::engine::emission::cascade::{BlockedDelivery, Cascade, WaitPolicy};
use crate::engine::plan::concurrency::{ConcurrencyLimit, ConcurrencyPermit};
use crate::engine::plan::executor::{
    DeferredCall, ErasedSubscription, Executor, QueueExecutor, SubscriptionClaim,
};
use crate::engine::plan::subscriptions::{Step, Steps, SubscriptionList};
use crate::engine::queue::live::{LiveQueue, OfferResult, ServedBy};
use crate::engine::state::DispatcherState;
use crate::panics;
use crate::report::failure::Cause;
use crate::report::status::{Ended, Skip};

/// Hands an event to its queues and tasks, and to streams, in order.
///
/// `subscribed` are the subscriptions as they were when the emission began: who subscribes during it will
/// see the next one. A root that runs async handlers itself finds them untouched. `halted` says why nothing
/// is handed over, if so.
pub(crate) fn hand_over(
    inner: &Arc<DispatcherState>,
    event: &Arc<dyn ErasedDeferredEvent>,
    subscribed: Option<&SubscriptionList<dyn ErasedSubscription>>,
    root: &mut Cascade,
    halted: Option<Skip>,
) {
    let is_structured = root.wait_policy == WaitPolicy::AwaitHandlers;
    let mut refused = ask_filters(inner, &**event, root, halted)
        .into_iter()
        .peekable();
    let precedence = Precedence::new(inner, &**event, is_structured);
    for step in Steps::new(0, event.seats(inner), subscribed) {
        match step {
            Step::Handler(seat) => {
                let completion = precedence.completion(seat);
                let seat = u32::try_from(seat).unwrap_or(u32::MAX);
                if refused.next_if_eq(&seat).is_none() {
                    hand_over_seat(inner, event, seat, completion, root, halted);
                }
            }
            Step::Subscription(subscription) => {
                hand_over_subscription(inner, event, subscription, root, halted);
            }
        }
    }
    if root.wait_policy.blocks() {
        wait_blocking(inner, root);
    }
}

/// Asks the filters of all handlers before anything is handed over. Returns the seats, in order, at which
/// that ended the delivery.
fn ask_filters(
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    root: &mut Cascade,
    halted: Option<Skip>,
) -> Vec<u32> {
    let mut refused = Vec::new();
    for seat in seats(inner, event) {
        let is_asked_later = root.wait_policy == WaitPolicy::AwaitHandlers
            && matches!(event.place(inner, seat), Executor::Task(_));
        if !is_asked_later && stopped(root, halted).is_none() && !admits(inner, event, seat, root) {
            refused.push(seat);
        }
    }
    refused
}

/// Hands an event to the handler at a seat, whose filter holds.
fn hand_over_seat(
    inner: &Arc<DispatcherState>,
    event: &Arc<dyn ErasedDeferredEvent>,
    seat: u32,
    completion: Option<Completion>,
    root: &mut Cascade,
    halted: Option<Skip>,
) {
    let target = HandlerRef::DeferredHandler(seat);
    if let Some(skip) = stopped(root, halted) {
        root.settle(inner, &**event, &target, |emission| emission.skip(skip));
        return;
    }
    match event.place(inner, seat) {
        Executor::Task(_) if root.wait_policy == WaitPolicy::AwaitHandlers => {}
        Executor::Task(place) => match place.limit.try_acquire() {
            Some(permit) => start_task(inner, event, target, permit, completion, root),
            None => reject_full(inner, event, &target, &place.limit, root),
        },
        Executor::Queue(QueueExecutor { line, label }) => {
            let item = DeferredDelivery::queued(Arc::clone(event), target, *label);
            offer(inner, &inner.lines[*line], item, root);
        }
    }
}

/// Hands an event to a subscription that does not run inline.
fn hand_over_subscription(
    inner: &Arc<DispatcherState>,
    event: &Arc<dyn ErasedDeferredEvent>,
    subscription: &Arc<dyn ErasedSubscription>,
    root: &mut Cascade,
    halted: Option<Skip>,
) {
    let call = subscription.call();
    let skip = stopped(root, halted);
    let is_own =
        root.wait_policy == WaitPolicy::AwaitHandlers && matches!(call, DeferredCall::Async { .. });
    if is_own && skip.is_none() {
        return;
    }
    let Some(reserved) = SubscriptionClaim::new(subscription) else {
        return;
    };
    let target = HandlerRef::Subscription(reserved);
    if let Some(skip) = skip {
        root.settle(inner, &**event, &target, |emission| emission.skip(skip));
        return;
    }
    match call {
        DeferredCall::Async { limit, .. } => match limit.try_acquire() {
            Some(permit) => start_task(inner, event, target, permit, None, root),
            None => reject_full(inner, event, &target, limit, root),
        },
        DeferredCall::Stream(line) => offer(inner, line, item(event, target), root),
    }
}

/// The seats of an event, by their index.
pub(crate) fn seats(
    inner: &DispatcherState,
    event: &dyn ErasedDeferredEvent,
) -> std::ops::Range<u32> {
    0..u32::try_from(event.seats(inner)).unwrap_or(u32::MAX)
}

/// Whether some async handler of the event waits for another.
pub(crate) fn is_ordered(inner: &DispatcherState, event: &dyn ErasedDeferredEvent) -> bool {
    seats(inner, event).any(|seat| match event.place(inner, seat) {
        Executor::Task(place) => !place.after.is_empty(),
        Executor::Queue(_) => false,
    })
}

/// Whether nothing more of the event is handed over.
fn stopped(root: &Cascade, halted: Option<Skip>) -> Option<Skip> {
    halted.or_else(|| (root.is_fail_fast() && root.has_failed()).then_some(Skip::EarlierFailure))
}

fn item(event: &Arc<dyn ErasedDeferredEvent>, target: HandlerRef) -> DeferredDelivery {
    DeferredDelivery::new(Arc::clone(event), target)
}

/// Asks the filter of a handler; if it does not hold, the delivery ends here.
pub(crate) fn admits(
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    seat: u32,
    root: &mut Cascade,
) -> bool {
    let target = HandlerRef::DeferredHandler(seat);
    match panics::catch_payload(|| event.admits(inner, seat)) {
        Ok(true) => return true,
        Ok(false) => root.settle(inner, event, &target, |emission| {
            emission.skip(Skip::Filter);
        }),
        Err(payload) => root.settle(inner, event, &target, |emission| {
            emission.panicked(event.as_any_event(), payload);
        }),
    };
    false
}

/// Ends a delivery that nobody takes, as a failure.
pub(crate) fn reject(
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    target: &HandlerRef,
    root: &mut Cascade,
    cause: Cause,
) {
    let ended = cause.ended().unwrap_or(Ended::Rejected);
    root.settle(inner, event, target, |emission| {
        emission.failed(event.as_any_event(), ended, cause);
    });
}

/// Ends a delivery whose handler is at its limit, so that it can be redelivered.
fn reject_full(
    inner: &Arc<DispatcherState>,
    event: &Arc<dyn ErasedDeferredEvent>,
    target: &HandlerRef,
    limit: &Arc<ConcurrencyLimit>,
    root: &mut Cascade,
) {
    let item = item(event, target.clone());
    let cause = Cause::Full(Arc::new(RejectedDelivery::of_task(inner, item, limit)));
    reject(inner, &**event, target, root, cause);
}

fn start_task(
    inner: &Arc<DispatcherState>,
    event: &Arc<dyn ErasedDeferredEvent>,
    target: HandlerRef,
    permit: ConcurrencyPermit,
    completion: Option<Completion>,
    root: &mut Cascade,
) {
    if inner.runtime.is_none() {
        // Of a subscription: a build refuses handlers.
        reject(inner, &**event, &target, root, Cause::NoRuntime);
        return;
    }
    let item = item(event, target);
    match inner.tasks.start(inner, item, permit, completion) {
        Ok(()) => root.hand_over(),
        Err(item) => reject(inner, &*item.event, &item.target, root, Cause::Closed),
    }
}

/// Offers a delivery to its queue, and takes in the answer.
pub(crate) fn offer(
    inner: &Arc<DispatcherState>,
    line: &Arc<LiveQueue>,
    item: DeferredDelivery,
    root: &mut Cascade,
) {
    let waits = root.wait_policy != WaitPolicy::Never;
    let is_blocked = |more: &crate::engine::emission::cascade::CascadeState| {
        let mut blocked = more.blocked.iter();
        blocked.any(|blocked| Arc::ptr_eq(&blocked.line, line))
    };
    // Behind one that waits for the same queue, so that lanes keep their order.
    if waits
        && root
            .record
            .get()
            .is_some_and(|more| is_blocked(&more.borrow()))
    {
        block(line, item, root);
        return;
    }
    match line.offer(inner, item, None) {
        OfferResult::NoRoom(item) if waits => block(line, item, root),
        offered => {
            if let (OfferResult::Deserted(item), false) = (&offered, root.wait_policy.is_reported())
            {
                line.buffer.count_abandoned(item.label);
            }
            offered_to(inner, line, offered, root);
        }
    }
}

fn block(line: &Arc<LiveQueue>, item: DeferredDelivery, root: &mut Cascade) {
    line.count_wait();
    // Whoever has the report of the root is told there.
    let slot = if root.wait_policy.is_reported() {
        None
    } else {
        line.buffer.wait(&item)
    };
    root.more().blocked.push(BlockedDelivery {
        line: Arc::clone(line),
        item,
        slot,
    });
}

/// Takes in what became of a delivery that was offered to a queue.
pub(crate) fn offered_to(
    inner: &Arc<DispatcherState>,
    line: &Arc<LiveQueue>,
    offered: OfferResult,
    root: &mut Cascade,
) {
    match offered {
        OfferResult::Waits => root.hand_over(),
        OfferResult::NoRoom(item) | OfferResult::Rejected(item) => {
            line.count(Ended::Rejected);
            let (event, target) = (Arc::clone(&item.event), item.target.clone());
            let cause = Cause::Full(Arc::new(RejectedDelivery::of_queue(inner, item, line)));
            reject(inner, &*event, &target, root, cause);
        }
        OfferResult::Dropped(item) => {
            root.settle(inner, &*item.event, &item.target, |emission| {
                emission.ended(Ended::Dropped);
            });
            panics::drop_caught(item);
        }
        OfferResult::Panicked(item, payload) => {
            root.settle(inner, &*item.event, &item.target, |emission| {
                emission.panicked(item.event.as_any_event(), payload);
            });
            panics::drop_caught(item);
        }
        // The stream is gone, and with it the subscription.
        OfferResult::Closed(item)
            if line.serves() == ServedBy::Stream && !inner.closing.is_closed() =>
        {
            root.settle_cancelled(inner, &*item.event, &item.target, CallExtras::default());
            panics::drop_caught(item);
        }
        OfferResult::Closed(item) => {
            line.count(Ended::Rejected);
            reject(inner, &*item.event, &item.target, root, Cause::Closed);
            panics::drop_caught(item);
        }
        OfferResult::Deserted(item) => {
            line.count(Ended::Abandoned);
            let cause = inner.abandoned(Some(line.name));
            reject(inner, &*item.event, &item.target, root, cause);
            panics::drop_caught(item);
        }
    }
}

/// Lets the thread wait until each delivery has found room.
pub(crate) fn wait_blocking(inner: &Arc<DispatcherState>, root: &mut Cascade) {
    if root.record.get().is_none() {
        return;
    }
    for mut blocked in std::mem::take(&mut root.more().blocked) {
        loop {
            let line = Arc::clone(&blocked.line);
            line.buffer.capacity_free_blocking();
            match blocked.offer(inner) {
                Ok(offered) => {
                    offered_to(inner, &line, offered, root);
                    break;
                }
                Err(again) => blocked = again,
            }
        }
    }
}
