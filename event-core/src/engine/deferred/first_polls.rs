//! An emission to async handlers that are mostly ready when they are first polled.
//!
//! This module first polls the handlers of events whose handlers run inline or as plain `async fn`s, with no
//! filter, no timeout, no limit and no order among them. Each call is polled where it starts, under one
//! `catch_unwind` around all calls. The next call starts while each call is plainly done or waits. The first
//! call that is neither, all handlers after it, and the calls that wait are left to
//! [`async_handlers`](crate::engine::deferred::async_handlers).

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::engine::deferred::concurrent::ConcurrentFutures;
use crate::engine::emission::Emission;
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::cascade_state::LazyState;
use crate::engine::emission::deferred_event::ErasedDeferredEvent;
use crate::engine::emission::delivery::Delivery;
use crate::engine::emission::first_poll::{
    CallResult, DeferredLookup, FirstPoll, StartedCall, panicked,
};
use crate::engine::emission::lineage;
use crate::engine::inline::call::run_erased;
use crate::engine::plan::bound::{Call, FirstStep, HandlerFuture, HandlerResult};
use crate::engine::plan::handlers::TableEntry;
use crate::engine::state::DispatcherState;
use crate::nesting;
use crate::nesting::NestingError;
use crate::panics;

/// The handlers of an emission that were not plainly done at their first poll.
pub(crate) struct RemainingHandlers<'a> {
    /// The handler that stopped the first polls; the handlers after it have not started.
    pub(crate) index: usize,
    /// The call of the handler at `index`, if it has started.
    pub(crate) started: Option<StartedCall<'a>>,
    /// The calls of earlier handlers that wait.
    pub(crate) waiting: ConcurrentFutures<Plain<'a>>,
}

/// A call that waits and has no emitters, of an outermost root that has no observers.
pub(crate) struct Plain<'a> {
    pub(crate) running: HandlerFuture<'a>,
    pub(crate) index: usize,
    refused: Option<NestingError>,
}

impl Future for Plain<'_> {
    type Output = (CallResult, Option<NestingError>);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let running = &mut self.running;
        let poll = AssertUnwindSafe(|| running.as_mut().poll(context));
        let (polled, refused) = nesting::enter(lineage::ROOT_LINEAGE.depth, || catch_unwind(poll));
        self.refused = self.refused.or(refused);
        let result = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(result)) => CallResult::Ended(result),
            Err(payload) => CallResult::Panicked(payload),
        };
        Poll::Ready((result, self.refused))
    }
}

impl Plain<'_> {
    /// Drops the call's future. Its `Drop` is the user's code, whose emits are inside of the emission.
    pub(crate) fn discard(self) {
        let discard = || panics::catch(|| drop(self.running));
        let _ = nesting::enter(lineage::ROOT_LINEAGE.depth, discard);
    }
}

/// An emission that is not plainly done after the first polls of its handlers.
pub(crate) struct StartedRoot<'a> {
    pub(crate) cascade: Cascade,
    pub(crate) refused: Option<NestingError>,
    pub(crate) rest: Option<RemainingHandlers<'a>>,
}

impl<'a> StartedRoot<'a> {
    fn new(rest: Option<RemainingHandlers<'a>>) -> Box<Self> {
        Box::new(Self {
            cascade: Cascade::with(WaitPolicy::AwaitHandlers),
            refused: None,
            rest,
        })
    }
}

/// Runs the inline handlers, then the first polls of the async ones, until a call neither is plainly done nor
/// waits. Returns how many handlers were done, if all were plainly done.
#[inline]
pub(crate) fn run<'a>(
    inner: &Arc<DispatcherState>,
    entry: &'a TableEntry,
    shared: &'a dyn ErasedDeferredEvent,
    context: &mut Context<'_>,
) -> Result<usize, Box<StartedRoot<'a>>> {
    if entry.has_inline() {
        return run_all(inner, entry, shared, context);
    }
    let (started, refused) = nesting::enter(0, || run_async(inner, entry, shared, context));
    let done = entry.deferred.len();
    if started.is_none() && refused.is_none() {
        return Ok(done);
    }
    let cascade = Cascade::with(WaitPolicy::AwaitHandlers);
    Err(start(cascade, done, started, refused))
}

/// [`run`] for an event with inline handlers.
fn run_all<'a>(
    inner: &Arc<DispatcherState>,
    entry: &'a TableEntry,
    shared: &'a dyn ErasedDeferredEvent,
    context: &mut Context<'_>,
) -> Result<usize, Box<StartedRoot<'a>>> {
    let mut cascade = Cascade::with(WaitPolicy::AwaitHandlers);
    let (started, refused) = nesting::enter(0, || {
        let (event, lineage) = (shared.event(), shared.lineage());
        cascade.done = run_erased(inner, entry, event, &cascade.state, lineage);
        if cascade.state.get().is_some() {
            return Some(StartedRoot::new(Some(RemainingHandlers {
                index: 0,
                started: None,
                waiting: ConcurrentFutures::default(),
            })));
        }
        run_async(inner, entry, shared, context)
    });
    let done = entry.deferred.len();
    if started.is_none() && refused.is_none() {
        return Ok(cascade.done + done);
    }
    Err(start(cascade, done, started, refused))
}

#[cold]
fn start(
    mut cascade: Cascade,
    done: usize,
    started: Option<Box<StartedRoot<'_>>>,
    refused: Option<NestingError>,
) -> Box<StartedRoot<'_>> {
    let mut started = started.unwrap_or_else(|| StartedRoot::new(None));
    cascade.done += match &started.rest {
        None => done,
        Some(rest) => rest.index - rest.waiting.len(),
    };
    started.cascade = cascade;
    started.refused = refused;
    started
}

fn run_async<'a>(
    inner: &Arc<DispatcherState>,
    entry: &'a TableEntry,
    shared: &'a dyn ErasedDeferredEvent,
    context: &mut Context<'_>,
) -> Option<Box<StartedRoot<'a>>> {
    let event = shared.as_any_event();
    let state = LazyState::new();
    let mut waiting: Option<ConcurrentFutures<Plain<'a>>> = None;
    let index = Cell::new(0);
    let all = AssertUnwindSafe(|| {
        for (at, handler) in entry.deferred.iter().enumerate() {
            index.set(at);
            let Call::Async(call) = &handler.binding.call else {
                unreachable!("only async handlers go this way")
            };
            let step = poll_first(&mut waiting, context, |context| {
                call.poll_first(event, context)
            });
            let running = match step {
                FirstStep::Done => continue,
                FirstStep::Pends(running) => running,
                FirstStep::Ended(result) => {
                    return Some(FirstPoll::Ended(CallResult::Ended(result)));
                }
                FirstStep::PerDelivery => {
                    let lookup = DeferredLookup(entry);
                    let emission = Emission::new(inner, &lookup, shared.lineage(), &state);
                    emission.set_position(at);
                    let first = match call.start(event, &Delivery::new(&emission)) {
                        Err(why) => return Some(FirstPoll::Ended(CallResult::NotRun(why))),
                        // A call that has emitters is not a `Plain` one.
                        Ok(running) if state.get().is_some() => {
                            return Some(poll(running, context));
                        }
                        Ok(running) => {
                            poll_first(&mut waiting, context, |context| poll(running, context))
                        }
                    };
                    match first {
                        FirstPoll::Pends(running) => running,
                        FirstPoll::Ended(CallResult::Ended(HandlerResult::Done)) => continue,
                        first @ FirstPoll::Ended(_) => return Some(first),
                    }
                }
            };
            let others = entry.deferred.len() - at;
            let waiting = waiting.get_or_insert_with(|| ConcurrentFutures::with_capacity(others));
            waiting.keep(Plain {
                running,
                index: at,
                refused: None,
            });
        }
        index.set(entry.deferred.len());
        None
    });
    let call = match catch_unwind(all) {
        Ok(None) if waiting.is_none() => return None,
        Ok(call) => call,
        Err(payload) => Some(panicked(payload)),
    };
    let index = index.get();
    let emitters = state.into_inner().map(|state| state.into_inner().emitters);
    let started = call.map(|call| StartedCall {
        call,
        emitters: emitters.unwrap_or_default(),
    });
    Some(StartedRoot::new(Some(RemainingHandlers {
        index,
        started,
        waiting: waiting.unwrap_or_default(),
    })))
}

/// Polls a call with the waker that the call gets if it is kept.
#[inline]
fn poll_first<R>(
    waiting: &mut Option<ConcurrentFutures<Plain<'_>>>,
    context: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> R,
) -> R {
    match waiting {
        None => poll(context),
        Some(waiting) => waiting.poll_first(context, poll),
    }
}

fn poll<'a>(mut running: HandlerFuture<'a>, context: &mut Context<'_>) -> FirstPoll<'a> {
    match running.as_mut().poll(context) {
        Poll::Ready(result) => FirstPoll::Ended(CallResult::Ended(result)),
        Poll::Pending => FirstPoll::Pends(running),
    }
}
