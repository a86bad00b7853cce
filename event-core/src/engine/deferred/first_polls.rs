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

/// The handlers of an emission that is not plainly done.
pub(crate) struct RemainingHandlers<'a> {
    /// The first handler that has not started. `None` once all have started and one has ended after a wait,
    /// which is in the middle of a turn of `waiting`.
    pub(crate) first: Option<usize>,
    /// The call that is neither plainly done nor plainly waiting, with the index of its handler.
    pub(crate) started: Option<(usize, StartedCall<'a>)>,
    pub(crate) waiting: ConcurrentFutures<Plain<'a>>,
}

impl<'a> RemainingHandlers<'a> {
    /// Makes what remains if the handlers from `first` on have not started.
    #[cold]
    fn new(
        first: usize,
        started: Option<(usize, StartedCall<'a>)>,
        waiting: &mut Option<ConcurrentFutures<Plain<'a>>>,
    ) -> Self {
        Self {
            first: Some(first),
            started,
            waiting: waiting.take().unwrap_or_default(),
        }
    }
}

/// A call that waits and has no emitters, of an outermost root that had no observers as it began.
pub(crate) struct Plain<'a> {
    running: HandlerFuture<'a>,
    pub(crate) index: usize,
    refused: Option<Box<NestingError>>,
}

impl Future for Plain<'_> {
    /// `None` if the call is plainly done, and no emit inside of it was refused.
    type Output = Option<Box<EndedCall>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let running = &mut self.running;
        let poll = AssertUnwindSafe(|| running.as_mut().poll(context));
        let (polled, refused) = nesting::enter(lineage::ROOT_LINEAGE.depth, || catch_unwind(poll));
        if let Some(refused) = refused {
            self.refused.get_or_insert_with(|| Box::new(refused));
        }
        let result = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(HandlerResult::Done)) if self.refused.is_none() => {
                return Poll::Ready(None);
            }
            Ok(Poll::Ready(result)) => CallResult::Ended(result),
            Err(payload) => CallResult::Panicked(payload),
        };
        let refused = self.refused.take().map(|refused| *refused);
        Poll::Ready(Some(Box::new(EndedCall { result, refused })))
    }
}

impl Plain<'_> {
    /// Drops the call's future. Its `Drop` is the user's code, whose emits are inside of the emission.
    pub(crate) fn discard(self) {
        let discard = || panics::catch(|| drop(self.running));
        let _ = nesting::enter(lineage::ROOT_LINEAGE.depth, discard);
    }
}

/// How a plain call ended after a wait, if it is not plainly done.
pub(crate) struct EndedCall {
    pub(crate) result: CallResult,
    pub(crate) refused: Option<NestingError>,
}

/// Returns the next call that has ended in this turn, with the index of its handler, and `None` at the end of
/// the turn.
#[inline]
pub(crate) fn next_ended(
    waiting: &mut ConcurrentFutures<Plain<'_>>,
    context: &mut Context<'_>,
) -> Option<(usize, Option<Box<EndedCall>>)> {
    let (plain, ended) = waiting.next_ready(context)?;
    if ended.is_none() {
        // The call dropped the handler's future as it ended: this is an empty box.
        drop(plain.running);
    } else {
        panics::drop_caught(plain.running);
    }
    Some((plain.index, ended))
}

/// An emission that is not plainly done.
pub(crate) struct StartedRoot<'a> {
    pub(crate) cascade: Cascade,
    pub(crate) refused: Option<NestingError>,
    pub(crate) rest: RemainingHandlers<'a>,
}

impl<'a> StartedRoot<'a> {
    /// Makes a root whose inline handlers have run, and whose async handlers were polled once up to `rest`.
    #[cold]
    fn after_first_polls(
        mut cascade: Cascade,
        refused: Option<NestingError>,
        rest: RemainingHandlers<'a>,
    ) -> Box<Self> {
        let started = rest.first.unwrap_or(0) - usize::from(rest.started.is_some());
        cascade.done += started - rest.waiting.len();
        Box::new(Self {
            cascade,
            refused,
            rest,
        })
    }

    /// Makes a root of which `done` handlers are plainly done, the one at `index` has ended after a wait, and
    /// the others wait.
    #[cold]
    pub(crate) fn after_wait(
        done: usize,
        index: usize,
        ended: EndedCall,
        waiting: ConcurrentFutures<Plain<'a>>,
    ) -> Box<Self> {
        let EndedCall { result, refused } = ended;
        let started = StartedCall {
            call: FirstPoll::Ended(result),
            emitters: Vec::new(),
        };
        Box::new(Self {
            cascade: Cascade::awaited(done),
            refused,
            rest: RemainingHandlers {
                first: None,
                started: Some((index, started)),
                waiting,
            },
        })
    }
}

/// Runs the inline handlers, then the first polls of the async ones, until a call neither is plainly done nor
/// waits. Returns how many handlers were done, if all were plainly done or are in `waiting`.
#[inline]
pub(crate) fn run<'a>(
    inner: &Arc<DispatcherState>,
    entry: &'a TableEntry,
    shared: &'a dyn ErasedDeferredEvent,
    waiting: &mut Option<ConcurrentFutures<Plain<'a>>>,
    context: &mut Context<'_>,
) -> Result<usize, Box<StartedRoot<'a>>> {
    let mut cascade = Cascade::with(WaitPolicy::AwaitHandlers);
    let (rest, refused) = nesting::enter(0, || {
        if entry.has_inline() {
            let (event, lineage) = (shared.event(), shared.lineage());
            cascade.done = run_erased(inner, entry, event, &cascade.state, lineage);
            if cascade.state.get().is_some() {
                return Some(RemainingHandlers::new(0, None, waiting));
            }
        }
        run_async(inner, entry, shared, waiting, context)
    });
    if rest.is_none() && refused.is_none() {
        let waiting = waiting.as_ref().map_or(0, ConcurrentFutures::len);
        return Ok(cascade.done + entry.deferred.len() - waiting);
    }
    let rest = rest.unwrap_or_else(|| RemainingHandlers::new(entry.deferred.len(), None, waiting));
    Err(StartedRoot::after_first_polls(cascade, refused, rest))
}

/// Polls the async handlers for the first time. Returns what remains, unless all are plainly done or in
/// `waiting`.
fn run_async<'a>(
    inner: &Arc<DispatcherState>,
    entry: &'a TableEntry,
    shared: &'a dyn ErasedDeferredEvent,
    waiting: &mut Option<ConcurrentFutures<Plain<'a>>>,
    context: &mut Context<'_>,
) -> Option<RemainingHandlers<'a>> {
    let event = shared.as_any_event();
    let state = LazyState::new();
    let index = Cell::new(0);
    let all = AssertUnwindSafe(|| {
        for (at, handler) in entry.deferred.iter().enumerate() {
            index.set(at);
            let Call::Async(call) = &handler.binding.call else {
                unreachable!("only async handlers go this way")
            };
            let step = poll_first(waiting, context, |context| call.poll_first(event, context));
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
                            poll_first(waiting, context, |context| poll(running, context))
                        }
                    };
                    match first {
                        FirstPoll::Pends(running) => running,
                        FirstPoll::Ended(CallResult::Ended(HandlerResult::Done)) => continue,
                        first @ FirstPoll::Ended(_) => return Some(first),
                    }
                }
            };
            waiting.get_or_insert_default().keep(Plain {
                running,
                index: at,
                refused: None,
            });
        }
        None
    });
    let call = match catch_unwind(all) {
        Ok(call) => call?,
        Err(payload) => panicked(payload),
    };
    let emitters = state.into_inner().map(|state| state.into_inner().emitters);
    let started = StartedCall {
        call,
        emitters: emitters.unwrap_or_default(),
    };
    let index = index.get();
    Some(RemainingHandlers::new(
        index + 1,
        Some((index, started)),
        waiting,
    ))
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
