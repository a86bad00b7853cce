//! An emission to async handlers that are mostly ready when they are first polled.
//!
//! Events whose handlers run inline or as plain `async fn`s, with no filter, no timeout, no limit and no
//! order among them, go this way first. Each call is polled where it starts, under one `catch_unwind`
//! around all of them. It goes on while a call is simply done or waits; the first that is more, and all
//! behind it, are left to [`structured`](crate::engine::deferred::async_handlers), as is the rest of those that wait.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::engine::deferred::concurrent::ConcurrentFutures;
use crate::engine::emission::Emission;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::cascade_state::LazyState;
use crate::engine::emission::deferred_event::ErasedDeferredEvent;
use crate::engine::emission::delivery::Delivery;
use crate::engine::emission::first_poll::{
    CallResult, DeferredLookup, FirstPoll, StartedCall, panicked,
};
use crate::engine::emission::lineage;
use crate::engine::emission::lineage::Lineage;
use crate::engine::inline::call::run_erased;
use crate::engine::plan::bound::Call;
use crate::engine::plan::bound::{HandlerFuture, HandlerResult};
use crate::engine::plan::handlers::TableEntry;
use crate::engine::state::DispatcherState;
use crate::event::any::AnyEvent;
use crate::nesting;
use crate::nesting::NestingError;
use crate::panics;

/// What is left of an emission that was not simply done.
pub(crate) struct RemainingHandlers<'a> {
    /// The handler that stopped it; those behind it have not started.
    pub(crate) index: usize,
    /// How far that one got, unless it has not started either.
    pub(crate) started: Option<StartedCall<'a>>,
    /// Those before it that wait.
    pub(crate) waiting: ConcurrentFutures<Plain<'a>>,
}

/// A call that waits, of an outermost root that nobody observes, and that has no emitters.
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
    /// Drops what runs. It is the user's, and its emits are inside of the emission.
    pub(crate) fn discard(self) {
        let discard = || panics::catch(|| drop(self.running));
        let _ = nesting::enter(lineage::ROOT_LINEAGE.depth, discard);
    }
}

/// Runs the inline handlers, then the async ones, until one of them is not simply done.
pub(crate) fn run<'a>(
    inner: &Arc<DispatcherState>,
    entry: &'a TableEntry,
    shared: &'a dyn ErasedDeferredEvent,
    cascade: &mut Cascade,
    context: &mut Context<'_>,
) -> Option<Box<RemainingHandlers<'a>>> {
    let (event, lineage) = (shared.event(), shared.lineage());
    if entry.has_inline() {
        cascade.done = run_erased(inner, entry, event, &cascade.state, lineage);
        if cascade.state.get().is_some() {
            return Some(Box::new(RemainingHandlers {
                index: 0,
                started: None,
                waiting: ConcurrentFutures::default(),
            }));
        }
    }
    let rest = run_async(inner, entry, event, lineage, context);
    cascade.done += match &rest {
        None => entry.deferred.len(),
        Some(rest) => rest.index - rest.waiting.len(),
    };
    rest
}

fn run_async<'a>(
    inner: &Arc<DispatcherState>,
    entry: &'a TableEntry,
    event: &'a dyn AnyEvent,
    lineage: &Lineage,
    context: &mut Context<'_>,
) -> Option<Box<RemainingHandlers<'a>>> {
    let state = LazyState::new();
    let lookup = DeferredLookup(entry);
    let emission = Emission::new(inner, &lookup, lineage, &state);
    let mut waiting = ConcurrentFutures::default();
    let all = AssertUnwindSafe(|| {
        for handler in &*entry.deferred {
            let Call::Async(call) = &handler.binding.call else {
                unreachable!("only async handlers go this way")
            };
            let polled = waiting.poll_first(context, |context| call.poll_first(event, context));
            let first = match polled {
                Some(first) => first,
                // Its parameters are made for this delivery.
                None => match call.start(event, &Delivery::new(&emission)) {
                    Err(why) => FirstPoll::Ended(CallResult::NotRun(why)),
                    // It has emitters, and so runs on elsewhere.
                    Ok(running) if state.get().is_some() => poll(running, context),
                    Ok(running) => waiting.poll_first(context, |context| poll(running, context)),
                },
            };
            match first {
                _ if state.get().is_some() => return Some(first),
                FirstPoll::Ended(CallResult::Ended(HandlerResult::Done)) => {}
                FirstPoll::Pends(running) => waiting.keep(Plain {
                    running,
                    index: emission.position(),
                    refused: None,
                }),
                FirstPoll::Ended(_) => return Some(first),
            }
            emission.advance();
        }
        None
    });
    let call = match catch_unwind(all) {
        Ok(None) if waiting.is_empty() => return None,
        Ok(call) => call,
        Err(payload) => Some(panicked(payload)),
    };
    let index = emission.position();
    let emitters = state.into_inner().map(|state| state.into_inner().emitters);
    let started = call.map(|call| StartedCall {
        call,
        emitters: emitters.unwrap_or_default(),
    });
    Some(Box::new(RemainingHandlers {
        index,
        started,
        waiting,
    }))
}

fn poll<'a>(mut running: HandlerFuture<'a>, context: &mut Context<'_>) -> FirstPoll<'a> {
    match running.as_mut().poll(context) {
        Poll::Ready(result) => FirstPoll::Ended(CallResult::Ended(result)),
        Poll::Pending => FirstPoll::Pends(running),
    }
}
