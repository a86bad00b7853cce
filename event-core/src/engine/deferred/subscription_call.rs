//! One call, on this thread, of a subscription that a queue runs.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::engine::deferred::call::tell_started;
use crate::engine::deferred::finished_call::CallExtras;
use crate::engine::deferred::settle::{self, AttemptEnd, AttemptEvent};
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::plan::executor::{SubscriptionClaim, SyncCall};
use crate::engine::state::DispatcherState;
use crate::report::status::SkipReason;

/// Claims and makes the call of a delivery. A delivery whose subscription was cancelled since it was queued, or
/// lost a target, is skipped.
pub(crate) fn run(
    inner: &Arc<DispatcherState>,
    item: &DeferredDelivery,
    subscription: &SubscriptionClaim,
    call: &SyncCall,
    lent: Option<&mut dyn Any>,
    cascade: &mut Cascade,
) -> AttemptEnd {
    let (event, target) = (&*item.event, &item.target);
    let cancelled = |cascade: &mut Cascade, extras| {
        let ended = settle::settle_cancelled(cascade, inner, event, target, item.attempt, extras);
        AttemptEnd::Ended(ended)
    };
    if subscription.is_cancelled() {
        return cancelled(cascade, CallExtras::default());
    }
    // Observers, and the closure, are the user's code.
    let (ended, refused) = event.lineage().scope().enter(inner.id(), || {
        let timer = tell_started(inner, event, target, item.attempt);
        if !subscription.claim() {
            let extras = timer.map_or_else(CallExtras::default, CallExtras::of);
            return cancelled(cascade, extras);
        }
        let shared = AttemptEvent::Shared(&item.event);
        let settled =
            settle::settle_attempt(cascade, inner, shared, target, item.attempt, |emission| {
                let call = || call(event.as_any_event(), emission, lent);
                let call = AssertUnwindSafe(|| match timer {
                    None => call(),
                    Some(timer) => emission.set_timer(timer).run(call),
                });
                match catch_unwind(call) {
                    Ok(true) => {}
                    Ok(false) => emission.skip(SkipReason::Cancelled),
                    Err(payload) => emission.panicked(event.as_any_event(), payload),
                }
            });
        settled.end
    });
    cascade.note_refused(refused);
    ended
}
