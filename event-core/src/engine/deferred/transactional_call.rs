//! One call of an async handler whose delivery an outbox makes.

use std::any::Any;
use std::future::poll_fn;
use std::sync::Arc;

use crate::engine::deferred::call::{AsyncCall, InTask};
use crate::engine::deferred::settle::{AttemptEvent, SettledAttempt};
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::deferred_event::HandlerRef;
use crate::engine::plan::transactional::TransactionalCall;
use crate::engine::state::DispatcherState;

/// Runs one attempt of a delivery that an outbox makes to an async handler, which may be lent a value. Returns
/// how the attempt ended.
pub(crate) async fn run(
    inner: &Arc<DispatcherState>,
    item: &DeferredDelivery,
    lent: Option<&mut (dyn Any + Send)>,
    cascade: &mut Cascade,
) -> SettledAttempt {
    let HandlerRef::Transactional(handler) = &item.target else {
        unreachable!("an outbox makes no other deliveries")
    };
    let called = TransactionalCall { handler, lent };
    let call = AsyncCall::of_attempt(
        inner,
        &*item.event,
        &item.target,
        item.attempt,
        Some(called),
    );
    let finished = match call {
        Ok(call) => {
            let mut call = InTask {
                call,
                cascade: &mut *cascade,
            };
            poll_fn(|context| call.call.poll(context)).await
        }
        Err(finished) => finished,
    };
    let shared = AttemptEvent::Shared(&item.event);
    finished.settle_attempt(cascade, inner, shared, &item.target)
}
