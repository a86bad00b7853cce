//! Asks the filters of handlers and subscriptions, and whether an event is the last of a subscription, before
//! a delivery is handed over or starts.

use std::sync::Arc;

use crate::engine::deferred::hand_over::stopped;
use crate::engine::deferred::settle;
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::deferred_event::{ErasedDeferredEvent, HandlerRef};
use crate::engine::plan::executor::{
    DeferredCall, ErasedSubscription, Executor, SubscriptionClaim,
};
use crate::engine::plan::subscriptions::{Step, Steps, SubscriptionList};
use crate::engine::state::DispatcherState;
use crate::panics;
use crate::report::status::SkipReason;

/// Asks the filters of all handlers and subscriptions before anything is handed over. Returns the positions,
/// in order, whose filter ended the delivery.
pub(crate) fn ask_filters(
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    subscribed: Option<&SubscriptionList<dyn ErasedSubscription>>,
    cascade: &mut Cascade,
    halted: Option<SkipReason>,
) -> Vec<usize> {
    let is_structured = cascade.wait_policy == WaitPolicy::AwaitHandlers;
    let mut refused = Vec::new();
    let steps = Steps::new(0, event.deferred_count(inner), subscribed);
    for (position, step) in steps.enumerate() {
        let admits = match step {
            Step::Handler(index) => {
                let index = u32::try_from(index).unwrap_or(u32::MAX);
                let is_asked_later =
                    is_structured && matches!(event.executor(inner, index), Executor::Task(_));
                is_asked_later
                    || stopped(cascade, halted).is_some()
                    || admits(inner, event, index, cascade)
            }
            Step::Subscription(subscription) => {
                let is_asked_later =
                    is_structured && matches!(subscription.call(), DeferredCall::Async { .. });
                is_asked_later
                    || stopped(cascade, halted).is_some()
                    || admits_to(inner, event, subscription, cascade)
            }
        };
        if !admits {
            refused.push(position);
        }
    }
    refused
}

/// Asks the filter of a handler, and ends the delivery if the filter does not hold or panics. Returns
/// whether the filter holds.
pub(crate) fn admits(
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    index: u32,
    cascade: &mut Cascade,
) -> bool {
    let target = || HandlerRef::DeferredHandler(index);
    let ask = || event.admits(inner, index);
    end_unless(inner, event, target, cascade, ask)
}

/// Asks the filter of a subscription, unless the subscription is over, and ends the delivery if the filter
/// does not hold or panics. Returns whether the filter holds.
pub(crate) fn admits_to(
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    subscription: &Arc<dyn ErasedSubscription>,
    cascade: &mut Cascade,
) -> bool {
    let conditions = subscription.conditions();
    if !conditions.has_filter() || !subscription.is_alive() {
        return true;
    }
    let target = || HandlerRef::Subscription(SubscriptionClaim::without_call(subscription));
    let ask = || conditions.admit(event.as_any_event());
    end_unless(inner, event, target, cascade, ask)
}

fn end_unless(
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    target: impl FnOnce() -> HandlerRef,
    cascade: &mut Cascade,
    ask: impl FnOnce() -> bool,
) -> bool {
    match panics::catch_payload(ask) {
        Ok(true) => return true,
        Ok(false) => settle::settle(cascade, inner, event, &target(), |emission| {
            emission.skip(SkipReason::Filter);
        }),
        Err(payload) => settle::settle(cascade, inner, event, &target(), |emission| {
            emission.panicked(event.as_any_event(), payload);
        }),
    };
    false
}

/// Reserves a call of a subscription whose filter holds, and asks whether the event is its last. Returns
/// `None` if the subscription is over, or if the delivery ended with a panic.
pub(crate) fn claim(
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    subscription: &Arc<dyn ErasedSubscription>,
    cascade: &mut Cascade,
) -> Option<SubscriptionClaim> {
    let claim = SubscriptionClaim::new(subscription)?;
    let conditions = subscription.conditions();
    if subscription.is_once() || !conditions.has_until() {
        return Some(claim);
    }
    let ask = || conditions.end_with(event.as_any_event());
    let may_call = match panics::catch_payload(ask) {
        Ok(true) => subscription.end(),
        // The user's code may have taken its time, and others may have ended the subscription.
        Ok(false) => subscription.is_alive(),
        Err(payload) => {
            let target = HandlerRef::Subscription(claim);
            settle::settle(cascade, inner, event, &target, |emission| {
                emission.panicked(event.as_any_event(), payload);
            });
            return None;
        }
    };
    may_call.then_some(claim)
}

/// Ends the delivery to a subscription as skipped, unless the subscription is over.
pub(crate) fn skip_subscription(
    inner: &Arc<DispatcherState>,
    event: &dyn ErasedDeferredEvent,
    subscription: &Arc<dyn ErasedSubscription>,
    cascade: &mut Cascade,
    skip: SkipReason,
) {
    if let Some(claim) = SubscriptionClaim::new(subscription) {
        let target = HandlerRef::Subscription(claim);
        settle::settle(cascade, inner, event, &target, |emission| {
            emission.skip(skip);
        });
    }
}
