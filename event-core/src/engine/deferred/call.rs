//! One delivery that does not run inline: its call, which catches panics, and its end.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::engine::deferred::finished_call::{CallExtras, FinishedCall};
use crate::engine::deferred::settle::{self, AttemptEnd, AttemptEvent, SettledAttempt};
use crate::engine::deferred::subscription_call;
use crate::engine::emission::Emission;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::cascade_state::{CascadeState, EmissionProgress, LazyState};
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::deferred_event::{ErasedDeferredEvent, HandlerRef};
use crate::engine::emission::emitter_buffer::DrainedEmits;
use crate::engine::emission::first_poll::{CallResult, FirstPoll, StartedCall};
use crate::engine::emission::pending_event::PendingEvent;
use crate::engine::emission::single_handler::SingleHandler;
use crate::engine::failure_log;
use crate::engine::observers::{DeliveryTimer, EmissionObservers};
use crate::engine::plan::bound::{HandlerFuture, NotRun};
use crate::engine::plan::executor::{DeferredCall, QueuedCall};
use crate::engine::plan::transactional::TransactionalCall;
use crate::engine::state::DispatcherState;
use crate::nesting;
use crate::nesting::NestingError;
use crate::nesting::scope::NestingScope;
use crate::report::failure::{Cause, Failure, RUNTIME_ENDED};
use crate::report::status::DeliveryStatus;
use crate::spans::Trace;
use crate::{log, panics};

/// A running call of an async handler.
pub(crate) struct AsyncCall<'a> {
    running: Option<HandlerFuture<'a>>,
    inner: &'a DispatcherState,
    event: &'a dyn ErasedDeferredEvent,
    needs_timer: bool,
    scope: NestingScope,
    extras: CallExtras,
    refused: Option<NestingError>,
    attempt: u32,
}

impl<'a> AsyncCall<'a> {
    /// Starts the first attempt of a delivery to an async handler: makes the parameters and the future.
    pub(crate) fn of(
        inner: &'a Arc<DispatcherState>,
        event: &'a dyn ErasedDeferredEvent,
        target: &HandlerRef,
    ) -> Result<Self, FinishedCall> {
        Self::of_attempt(inner, event, target, 1, None)
    }

    /// Starts an attempt of a delivery to an async handler.
    pub(crate) fn of_attempt(
        inner: &'a Arc<DispatcherState>,
        event: &'a dyn ErasedDeferredEvent,
        target: &HandlerRef,
        attempt: u32,
        transactional: Option<TransactionalCall<'a>>,
    ) -> Result<Self, FinishedCall> {
        if let HandlerRef::Subscription(subscription) = target
            && subscription.is_cancelled()
        {
            return Err(FinishedCall {
                result: CallResult::NotRun(NotRun::Cancelled),
                extras: CallExtras::default(),
                refused: None,
                attempt,
            });
        }
        let timer = tell_started(inner, event, target, attempt);
        let state = LazyState::new();
        let lookup = SingleHandler {
            inner,
            event,
            target,
            attempt,
            retry: None,
        };
        // The user's code makes parameters and a subscription's future, and its emits are nested.
        let scope = event.lineage().scope();
        let (started, refused) = scope.enter(inner.id(), || {
            let emission = Emission::new(inner, &lookup, event.lineage(), &state);
            let start = || event.start(inner, target, &emission, transactional);
            catch_unwind(AssertUnwindSafe(|| match timer {
                None => start(),
                Some(timer) => emission.set_timer(timer).run(start),
            }))
        });
        let state = state.into_inner().map(|state| state.into_inner());
        let extras = state.map_or_else(CallExtras::default, |state: CascadeState| CallExtras {
            emitters: state.emitters,
            timer: state.progress.timer,
        });
        let result = match started {
            Ok(None) => unreachable!("only async handlers are put where they are polled"),
            Ok(Some(Ok(running))) => {
                return Ok(Self {
                    running: Some(running),
                    inner,
                    event,
                    needs_timer: event.needs_timer(inner, target),
                    scope,
                    extras,
                    refused,
                    attempt,
                });
            }
            Ok(Some(Err(not_run))) => CallResult::NotRun(not_run),
            Err(payload) => CallResult::Panicked(payload),
        };
        Err(FinishedCall {
            result,
            extras,
            refused,
            attempt,
        })
    }

    /// Drops the call's future, and returns the extras of the call.
    pub(crate) fn cancel(mut self) -> CallExtras {
        self.end_call();
        std::mem::take(&mut self.extras)
    }

    /// Drops the call's future inside of its span.
    fn end_call(&mut self) {
        if let Some(running) = self.running.take() {
            let trace = &self.extras.timer.trace;
            let drop_it = || panics::catch(|| trace.run(|| drop(running)));
            if let (Err(panic), _) = self.scope.enter(self.inner.id(), drop_it) {
                log::drop_panicked(&panic);
            }
        }
    }

    /// Makes a call that continues after its first poll.
    pub(crate) fn started(
        inner: &'a DispatcherState,
        event: &'a dyn ErasedDeferredEvent,
        started: StartedCall<'a>,
        attempt: u32,
    ) -> Result<Self, FinishedCall> {
        let StartedCall { call, emitters } = started;
        let extras = CallExtras {
            emitters,
            timer: DeliveryTimer::default(),
        };
        match call {
            FirstPoll::Pends(running) => Ok(Self {
                running: Some(running),
                inner,
                event,
                needs_timer: false,
                scope: event.lineage().scope(),
                extras,
                refused: None,
                attempt,
            }),
            FirstPoll::Ended(result) => Err(FinishedCall {
                result,
                extras,
                refused: None,
                attempt,
            }),
        }
    }

    /// Polls the call.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<FinishedCall> {
        let Some(running) = &mut self.running else {
            unreachable!("a call that has finished is not polled")
        };
        let trace = &self.extras.timer.trace;
        let mut poll = || {
            let poll = || running.as_mut().poll(context);
            catch_unwind(AssertUnwindSafe(|| trace.run(poll)))
        };
        let (polled, refused) = self
            .scope
            .enter(self.inner.id(), || match &self.inner.runtime {
                // A timer has to be made inside of a runtime, and any thread may poll.
                Some(runtime) if self.needs_timer => runtime.inside(poll),
                _ => poll(),
            });
        self.refused = self.refused.or(refused);
        let result = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(result)) => CallResult::Ended(result),
            // A timer of a runtime that has ended panics, with a message that does not name the handler.
            Err(payload) if self.needs_timer && self.inner.has_runtime_ended() => {
                let panic = panics::message(payload);
                let panic = panic.trim_end_matches('.');
                CallResult::Panicked(Box::new(format!("{panic}: {RUNTIME_ENDED}")))
            }
            Err(payload) => CallResult::Panicked(payload),
        };
        // The `Drop` of the user's values in the future may panic.
        panics::drop_caught(self.running.take());
        Poll::Ready(FinishedCall {
            result,
            extras: std::mem::take(&mut self.extras),
            refused: self.refused,
            attempt: self.attempt,
        })
    }
}

impl Drop for AsyncCall<'_> {
    fn drop(&mut self) {
        self.end_call();
        let lineage = self.event.lineage();
        for emitters in std::mem::take(&mut self.extras.emitters) {
            let DrainedEmits { events, trace } = emitters.close();
            for PendingEvent { event, .. } in events {
                if emitters.discards(event.info()) {
                    self.inner.count_discarded();
                    panics::drop_caught(event);
                    continue;
                }
                let failure = Failure::new(event.info(), Some(emitters.handler), Cause::Lost);
                let caused =
                    lineage.caused(EmissionProgress::default().parent(lineage), trace.clone());
                let snapshot = self.inner.snapshot(event.as_any_event(), &caused);
                let failure = failure.of(snapshot, caused.scope());
                let failure = failure.in_dispatcher(self.inner.name());
                failure_log::failure(self.inner, &failure, &Trace::NONE, &caused.within);
                self.inner.notify_failure(&failure);
                nesting::enter_deeper(caused.depth, || panics::drop_caught(event));
            }
        }
    }
}

/// A call inside of a task. A drop before the end of the call leaves the timer of the call to the root.
pub(crate) struct InTask<'r, 'a> {
    pub(crate) call: AsyncCall<'a>,
    pub(crate) cascade: &'r mut Cascade,
}

impl Drop for InTask<'_, '_> {
    fn drop(&mut self) {
        let timer = &self.call.extras.timer;
        if timer.is_known() {
            self.cascade.state_mut().progress.timer = timer.clone();
        }
    }
}

/// Tells observers that a handler is about to be called.
pub(crate) fn tell_started(
    inner: &DispatcherState,
    event: &dyn ErasedDeferredEvent,
    target: &HandlerRef,
    attempt: u32,
) -> Option<DeliveryTimer> {
    let observed = EmissionObservers::deferred(inner, event)?;
    Some(observed.delivery_started(event.handler(inner, target), attempt))
}

/// Runs one attempt of a delivery to an async handler. Returns how the attempt ended.
pub(crate) async fn run_async(
    inner: &Arc<DispatcherState>,
    item: &DeferredDelivery,
    cascade: &mut Cascade,
) -> AttemptEnd {
    let (event, target) = (&*item.event, &item.target);
    let mut was_polled = false;
    let call = match *target {
        HandlerRef::DeferredHandler(index)
            if item.attempt == 1
                && !inner.is_observed()
                && event.is_polled_directly(inner, index) =>
        {
            let (started, refused) = poll_fn(|context| {
                let run = || event.poll_first(inner, index, context);
                Poll::Ready(event.lineage().scope().enter(inner.id(), run))
            })
            .await;
            cascade.note_refused(refused);
            match started {
                None => {
                    cascade.done += 1;
                    return AttemptEnd::Ended(DeliveryStatus::Done);
                }
                Some(started) => {
                    was_polled = true;
                    AsyncCall::started(inner, event, started, item.attempt)
                }
            }
        }
        _ => AsyncCall::of_attempt(inner, event, target, item.attempt, None),
    };
    let finished = match call {
        Ok(call) => {
            let mut call = InTask {
                call,
                cascade: &mut *cascade,
            };
            let poll = |context: &mut Context<'_>| {
                // The first poll registered this waker. A second poll in the same turn would undo a yield.
                if std::mem::take(&mut was_polled) {
                    return Poll::Pending;
                }
                call.call.poll(context)
            };
            poll_fn(poll).await
        }
        Err(finished) => finished,
    };
    finished.settle(cascade, inner, AttemptEvent::Shared(&item.event), target)
}

/// Runs one attempt of a delivery to a sync or async handler on this thread. Returns how the attempt ended.
pub(crate) fn run(
    inner: &Arc<DispatcherState>,
    item: &DeferredDelivery,
    lent: Option<&mut dyn Any>,
    cascade: &mut Cascade,
) -> AttemptEnd {
    let event = &*item.event;
    if let HandlerRef::Subscription(subscription) = &item.target
        && let DeferredCall::Queued { call, .. } = subscription.call()
        && let QueuedCall::Sync(call) = call
    {
        return subscription_call::run(inner, item, subscription, call, lent, cascade);
    }
    if !event.is_async(inner, &item.target) {
        return run_sync(inner, item, lent, cascade).end;
    }
    let call = AsyncCall::of_attempt(inner, event, &item.target, item.attempt, None);
    let finished = match (call, &inner.runtime) {
        (Ok(mut call), Some(runtime)) => runtime.block_on(poll_fn(|context| call.poll(context))),
        (Ok(_), None) => unreachable!("a build refuses async handlers without a runtime"),
        (Err(finished), _) => finished,
    };
    let shared = AttemptEvent::Shared(&item.event);
    finished.settle(cascade, inner, shared, &item.target)
}

/// Runs one attempt of a delivery to a sync handler on this thread. Returns how the attempt ended.
pub(crate) fn run_sync(
    inner: &Arc<DispatcherState>,
    item: &DeferredDelivery,
    lent: Option<&mut dyn Any>,
    cascade: &mut Cascade,
) -> SettledAttempt {
    let event = &*item.event;
    let (ended, refused) = event.lineage().scope().enter(inner.id(), || {
        let timer = tell_started(inner, event, &item.target, item.attempt);
        settle::settle_attempt(
            cascade,
            inner,
            AttemptEvent::Shared(&item.event),
            &item.target,
            item.attempt,
            |emission| {
                let call = || event.call(&item.target, emission, lent);
                let call = AssertUnwindSafe(|| match timer {
                    None => call(),
                    Some(timer) => emission.set_timer(timer).run(call),
                });
                if let Err(payload) = catch_unwind(call) {
                    emission.panicked(event.as_any_event(), payload);
                }
            },
        )
    });
    cascade.note_refused(refused);
    ended
}
