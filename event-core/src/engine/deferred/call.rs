//! One delivery that does not run inline: its call, under isolation, and how it lands.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::engine::deferred::event::{
    DeferredDelivery, ErasedDeferredEvent, HandlerRef, SingleHandler,
};
use crate::engine::deferred::first_poll::{FirstPoll, StartedCall};
use crate::engine::emission::Emission;
use crate::engine::emission::cascade::{Cascade, CascadeState, EmissionProgress, LazyState};
use crate::engine::emission::emitter_buffer::{DrainedEmits, EmitterBuffer};
use crate::engine::emission::nesting;
use crate::engine::emission::nesting::NestingError;
use crate::engine::emission::replay::NestingScope;
use crate::engine::observers::{DeliveryTimer, EmissionObservers};
use crate::engine::plan::bound::NotRun;
use crate::engine::plan::bound::{HandlerFuture, HandlerResult};
use crate::engine::state::DispatcherState;
use crate::report::failure::{Cause, Failure, RUNTIME_ENDED};
use crate::report::status::Ended;
use crate::spans::Trace;
use crate::{log, panics};

/// A call of an async handler that is under way.
pub(crate) struct AsyncCall<'a> {
    running: Option<HandlerFuture<'a>>,
    inner: &'a DispatcherState,
    event: &'a dyn ErasedDeferredEvent,
    needs_timer: bool,
    stand: NestingScope,
    left: CallExtras,
    refused: Option<NestingError>,
    attempt: u32,
}

/// What a call leaves behind, however it ends.
#[derive(Default)]
pub(crate) struct CallExtras {
    /// The emitters that the handler was given.
    given: Vec<Arc<EmitterBuffer>>,
    /// What its observers know of it.
    under_way: DeliveryTimer,
}

impl CallExtras {
    /// Of a call of which only observers know something.
    pub(crate) fn of(under_way: DeliveryTimer) -> Self {
        Self {
            given: Vec::new(),
            under_way,
        }
    }

    /// Goes into the emission that ends the delivery.
    pub(crate) fn join(self, emission: &Emission<'_>) {
        emission.adopt(self.given);
        if self.under_way.is_known() {
            let _ = emission.set_under_way(self.under_way);
        }
    }
}

/// How a call ended.
pub(crate) enum CallResult {
    HandlerResult(HandlerResult),
    NotRun(NotRun),
    Panicked(Box<dyn Any + Send>),
}

impl CallResult {
    /// Whether the handler ran, and there is nothing to say of it.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::HandlerResult(HandlerResult::Done))
    }
}

/// A call that ended, with what it left behind.
pub(crate) struct FinishedCall {
    landing: CallResult,
    left: CallExtras,
    refused: Option<NestingError>,
    attempt: u32,
}

impl<'a> AsyncCall<'a> {
    /// Makes the parameters of a call of an async handler, whose delivery is made for the first time.
    pub(crate) fn of(
        inner: &'a Arc<DispatcherState>,
        event: &'a dyn ErasedDeferredEvent,
        target: &HandlerRef,
    ) -> Result<Self, FinishedCall> {
        Self::of_attempt(inner, event, target, 1)
    }

    fn of_attempt(
        inner: &'a Arc<DispatcherState>,
        event: &'a dyn ErasedDeferredEvent,
        target: &HandlerRef,
        attempt: u32,
    ) -> Result<Self, FinishedCall> {
        if let HandlerRef::Subscription(subscription) = target
            && !subscription.is_alive()
        {
            return Err(FinishedCall {
                landing: CallResult::NotRun(NotRun::Cancelled),
                left: CallExtras::default(),
                refused: None,
                attempt,
            });
        }
        let under_way = tell_started(inner, event, target);
        let record = LazyState::new();
        let who = SingleHandler {
            inner,
            event,
            target,
            attempt,
        };
        // The making of parameters, and of a subscription's future, is the user's: its emits count.
        let stand = event.origin().stand();
        let (started, refused) = stand.enter(inner, || {
            let emission = Emission::new(inner, &who, event.origin(), &record);
            let start = || event.start(inner, target, &emission);
            catch_unwind(AssertUnwindSafe(|| match under_way {
                None => start(),
                Some(under_way) => emission.set_under_way(under_way).run(start),
            }))
        });
        let more = record.into_inner().map(|more| more.into_inner());
        let left = more.map_or_else(CallExtras::default, |more: CascadeState| CallExtras {
            given: more.given,
            under_way: more.progress.under_way,
        });
        let landing = match started {
            Ok(None) => unreachable!("only async handlers are put where they are polled"),
            Ok(Some(Ok(running))) => {
                return Ok(Self {
                    running: Some(running),
                    inner,
                    event,
                    needs_timer: event.needs_timer(inner, target),
                    stand,
                    left,
                    refused,
                    attempt,
                });
            }
            Ok(Some(Err(not_run))) => CallResult::NotRun(not_run),
            Err(payload) => CallResult::Panicked(payload),
        };
        Err(FinishedCall {
            landing,
            left,
            refused,
            attempt,
        })
    }

    /// Ends the call where it stands.
    pub(crate) fn cancel(mut self) -> CallExtras {
        self.end_call();
        std::mem::take(&mut self.left)
    }

    /// Drops what runs, inside of its span.
    fn end_call(&mut self) {
        if let Some(running) = self.running.take() {
            let trace = &self.left.under_way.trace;
            let drop_it = || panics::catch(|| trace.run(|| drop(running)));
            if let (Err(panic), _) = self.stand.enter(self.inner, drop_it) {
                log::drop_panicked(&panic);
            }
        }
    }

    /// Goes on with a call that has begun.
    pub(crate) fn begun(
        inner: &'a DispatcherState,
        event: &'a dyn ErasedDeferredEvent,
        begun: StartedCall<'a>,
        attempt: u32,
    ) -> Result<Self, FinishedCall> {
        let StartedCall { call, given } = begun;
        let left = CallExtras {
            given,
            under_way: DeliveryTimer::default(),
        };
        match call {
            FirstPoll::Pends(running) => Ok(Self {
                running: Some(running),
                inner,
                event,
                needs_timer: false,
                stand: event.origin().stand(),
                left,
                refused: None,
                attempt,
            }),
            FirstPoll::FinishedCall(landing) => Err(FinishedCall {
                landing,
                left,
                refused: None,
                attempt,
            }),
        }
    }

    /// Goes on with the call.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<FinishedCall> {
        let Some(running) = &mut self.running else {
            unreachable!("a call that has landed is not polled")
        };
        let trace = &self.left.under_way.trace;
        let mut poll = || {
            let poll = || running.as_mut().poll(context);
            catch_unwind(AssertUnwindSafe(|| trace.run(poll)))
        };
        let (polled, refused) = self.stand.enter(self.inner, || match &self.inner.runtime {
            // Timers are made inside of a runtime; the poll may come from elsewhere.
            Some(runtime) if self.needs_timer => runtime.inside(poll),
            _ => poll(),
        });
        self.refused = self.refused.or(refused);
        let landing = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(concluded)) => CallResult::HandlerResult(concluded),
            // A timer of a runtime that has ended panics, and does not say whose it was.
            Err(payload) if self.needs_timer && self.inner.has_runtime_ended() => {
                let panic = panics::message(payload);
                let panic = panic.trim_end_matches('.');
                CallResult::Panicked(Box::new(format!("{panic}: {RUNTIME_ENDED}")))
            }
            Err(payload) => CallResult::Panicked(payload),
        };
        // What it held, the user's `Drop` may panic on.
        panics::drop_caught(self.running.take());
        Poll::Ready(FinishedCall {
            landing,
            left: std::mem::take(&mut self.left),
            refused: self.refused,
            attempt: self.attempt,
        })
    }
}

impl Drop for AsyncCall<'_> {
    fn drop(&mut self) {
        self.end_call();
        let origin = self.event.origin();
        for given in std::mem::take(&mut self.left.given) {
            let DrainedEmits { events, trace } = given.close();
            for event in events {
                if given.discards(event.info()) {
                    self.inner.count_discarded();
                    panics::drop_caught(event);
                    continue;
                }
                let failure = Failure::new(event.info(), Some(given.handler), Cause::Lost);
                let caused =
                    origin.caused(EmissionProgress::default().parent(origin), trace.clone());
                let snapshot = self.inner.snapshot(event.as_any_event(), &caused);
                let failure = failure.of(snapshot, caused.stand());
                log::failure(self.inner, &failure, &Trace::NONE, &caused.within);
                self.inner.tell(&failure);
                nesting::enter_deeper(caused.depth, || panics::drop_caught(event));
            }
        }
    }
}

impl FinishedCall {
    /// Of a call that left nothing else behind.
    pub(crate) fn plain(landing: CallResult, refused: Option<NestingError>) -> Self {
        Self {
            landing,
            left: CallExtras::default(),
            refused,
            attempt: 1,
        }
    }

    /// Whether there is nothing to say but that the delivery is done.
    pub(crate) fn is_plain(&self) -> bool {
        self.landing.is_done() && self.left.given.is_empty() && self.refused.is_none()
    }

    /// Takes the outcome into a root; answers how the delivery ended.
    pub(crate) fn settle(
        self,
        root: &mut Cascade,
        inner: &Arc<DispatcherState>,
        event: &dyn ErasedDeferredEvent,
        target: &HandlerRef,
    ) -> Ended {
        root.pass_on(self.refused);
        if let CallResult::NotRun(NotRun::Cancelled) = self.landing {
            return root.settle_cancelled(inner, event, target, self.left);
        }
        root.settle_attempt(inner, event, target, self.attempt, |emission| {
            self.left.join(emission);
            let event = event.as_any_event();
            match self.landing {
                CallResult::HandlerResult(HandlerResult::Done) => {}
                CallResult::HandlerResult(HandlerResult::CascadeState(collected)) => {
                    emission.conclude(event, *collected);
                }
                CallResult::NotRun(why) => emission.not_run(event, why),
                CallResult::Panicked(payload) => emission.panicked(event, payload),
            }
        })
    }
}

/// A call inside of a task. Dropped midway, it leaves to the root what its observers know of it.
struct InTask<'r, 'a> {
    flight: AsyncCall<'a>,
    root: &'r mut Cascade,
}

impl Drop for InTask<'_, '_> {
    fn drop(&mut self) {
        let under_way = &self.flight.left.under_way;
        if under_way.is_known() {
            self.root.more().progress.under_way = under_way.clone();
        }
    }
}

/// Tells observers that a handler is about to be called.
fn tell_started(
    inner: &DispatcherState,
    event: &dyn ErasedDeferredEvent,
    target: &HandlerRef,
) -> Option<DeliveryTimer> {
    let observed = EmissionObservers::later(inner, event)?;
    Some(observed.delivery_started(event.handler(inner, target)))
}

/// Runs a delivery of an async handler; answers how it ended.
pub(crate) async fn run_async(
    inner: &Arc<DispatcherState>,
    item: &DeferredDelivery,
    root: &mut Cascade,
) -> Ended {
    let (event, target) = (&*item.event, &item.target);
    let mut was_polled = false;
    let flight = match *target {
        HandlerRef::DeferredHandler(seat)
            if item.attempt == 1 && !inner.is_observed() && event.runs_at_once(inner, seat) =>
        {
            let (begun, refused) = poll_fn(|context| {
                let run = || event.run_at_once(inner, seat, context);
                Poll::Ready(event.origin().stand().enter(inner, run))
            })
            .await;
            root.pass_on(refused);
            match begun {
                None => {
                    root.done += 1;
                    return Ended::Done;
                }
                Some(begun) => {
                    was_polled = true;
                    AsyncCall::begun(inner, event, begun, item.attempt)
                }
            }
        }
        _ => AsyncCall::of_attempt(inner, event, target, item.attempt),
    };
    let landed = match flight {
        Ok(flight) => {
            let mut call = InTask {
                flight,
                root: &mut *root,
            };
            let poll = |context: &mut Context<'_>| {
                // With this very waker: polled again in the same turn, what yields would not.
                if std::mem::take(&mut was_polled) {
                    return Poll::Pending;
                }
                call.flight.poll(context)
            };
            poll_fn(poll).await
        }
        Err(landed) => landed,
    };
    landed.settle(root, inner, event, target)
}

/// Runs a delivery on this thread, whatever its handler; answers how it ended.
pub(crate) fn run(
    inner: &Arc<DispatcherState>,
    item: &DeferredDelivery,
    lent: Option<&mut dyn Any>,
    root: &mut Cascade,
) -> Ended {
    let event = &*item.event;
    if event.is_async(inner, &item.target) {
        let flight = AsyncCall::of_attempt(inner, event, &item.target, item.attempt);
        let landed = match (flight, &inner.runtime) {
            (Ok(mut flight), Some(runtime)) => {
                runtime.block_on(poll_fn(|context| flight.poll(context)))
            }
            (Ok(_), None) => unreachable!("a build refuses async handlers without a runtime"),
            (Err(landed), _) => landed,
        };
        landed.settle(root, inner, event, &item.target)
    } else {
        let (ended, refused) = event.origin().stand().enter(inner, || {
            let under_way = tell_started(inner, event, &item.target);
            root.settle_attempt(inner, event, &item.target, item.attempt, |emission| {
                let HandlerRef::DeferredHandler(seat) = item.target else {
                    return;
                };
                let call = || event.call(seat, emission, lent);
                let call = AssertUnwindSafe(|| match under_way {
                    None => call(),
                    Some(under_way) => emission.set_under_way(under_way).run(call),
                });
                if let Err(payload) = catch_unwind(call) {
                    emission.panicked(event.as_any_event(), payload);
                }
            })
        });
        root.pass_on(refused);
        ended
    }
}
