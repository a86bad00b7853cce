//! An emission to async handlers that are mostly ready when they are first polled.
//!
//! Events whose handlers run inline or as plain `async fn`s, with no filter, no timeout, no limit and no
//! order among them, go this way first. Each call is polled where it starts, under one `catch_unwind`
//! around all of them. It goes on while a call is simply done or waits; the first that is more, and all
//! behind it, are left to [`structured`](crate::engine::deferred::async_handlers), as is the rest of those that wait.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::engine::deferred::call::CallResult;
use crate::engine::deferred::concurrent::ConcurrentFutures;
use crate::engine::deferred::event::ErasedDeferredEvent;
use crate::engine::emission::cascade::{Cascade, LazyState};
use crate::engine::emission::emitter_buffer::EmitterBuffer;
use crate::engine::emission::lineage;
use crate::engine::emission::lineage::Lineage;
use crate::engine::emission::nesting;
use crate::engine::emission::nesting::NestingError;
use crate::engine::emission::{Emission, HandlerLookup};
use crate::engine::inline::call::run_erased;
use crate::engine::plan::bound::Call;
use crate::engine::plan::bound::{HandlerFuture, HandlerResult};
use crate::engine::plan::handlers::TableEntry;
use crate::engine::state::DispatcherState;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::handler::param::Delivery;
use crate::handler_info::HandlerInfo;
use crate::panics;

/// What is left of an emission that was not simply done.
pub(crate) struct RemainingHandlers<'a> {
    /// The handler that stopped it; those behind it have not started.
    pub(crate) seat: usize,
    /// How far that one got, unless it has not started either.
    pub(crate) begun: Option<StartedCall<'a>>,
    /// Those before it that wait.
    pub(crate) waiting: ConcurrentFutures<Plain<'a>>,
}

/// A call that waits, of an outermost root that nobody observes, and that has no emitters.
pub(crate) struct Plain<'a> {
    pub(crate) running: HandlerFuture<'a>,
    pub(crate) seat: usize,
    refused: Option<NestingError>,
}

impl Future for Plain<'_> {
    type Output = (CallResult, Option<NestingError>);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let running = &mut self.running;
        let poll = AssertUnwindSafe(|| running.as_mut().poll(context));
        let (polled, refused) = nesting::enter(lineage::ROOT_LINEAGE.depth, || catch_unwind(poll));
        self.refused = self.refused.or(refused);
        let landing = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(concluded)) => CallResult::HandlerResult(concluded),
            Err(payload) => CallResult::Panicked(payload),
        };
        Poll::Ready((landing, self.refused))
    }
}

impl Plain<'_> {
    /// Drops what runs. It is the user's, and its emits are inside of the emission.
    pub(crate) fn discard(self) {
        let discard = || panics::catch(|| drop(self.running));
        let _ = nesting::enter(lineage::ROOT_LINEAGE.depth, discard);
    }
}

/// A call that is more than done.
pub(crate) struct StartedCall<'a> {
    pub(crate) call: FirstPoll<'a>,
    /// The emitters that the handler was given.
    pub(crate) given: Vec<Arc<EmitterBuffer>>,
}

pub(crate) enum FirstPoll<'a> {
    Pends(HandlerFuture<'a>),
    FinishedCall(CallResult),
}

/// Runs the inline handlers, then the async ones, until one of them is not simply done.
pub(crate) fn run<'a>(
    inner: &Arc<DispatcherState>,
    entry: &'a TableEntry,
    shared: &'a dyn ErasedDeferredEvent,
    root: &mut Cascade,
    context: &mut Context<'_>,
) -> Option<Box<RemainingHandlers<'a>>> {
    let (event, origin) = (shared.event(), shared.origin());
    if entry.has_inline() {
        root.done = run_erased(inner, entry, event, &root.record, origin);
        if root.record.get().is_some() {
            return Some(Box::new(RemainingHandlers {
                seat: 0,
                begun: None,
                waiting: ConcurrentFutures::default(),
            }));
        }
    }
    let rest = run_async(inner, entry, event, origin, context);
    root.done += match &rest {
        None => entry.later.len(),
        Some(rest) => rest.seat - rest.waiting.len(),
    };
    rest
}

fn run_async<'a>(
    inner: &Arc<DispatcherState>,
    entry: &'a TableEntry,
    event: &'a dyn AnyEvent,
    origin: &Lineage,
    context: &mut Context<'_>,
) -> Option<Box<RemainingHandlers<'a>>> {
    let record = LazyState::new();
    let seats = DeferredLookup(entry);
    let emission = Emission::new(inner, &seats, origin, &record);
    let mut waiting = ConcurrentFutures::default();
    let all = AssertUnwindSafe(|| {
        for seat in &*entry.later {
            let Call::Async(call) = &seat.later.call else {
                unreachable!("only async handlers go this way")
            };
            let mut running = match call.start(event, &Delivery::new(&emission)) {
                Ok(running) => running,
                Err(why) => return Some(FirstPoll::FinishedCall(CallResult::NotRun(why))),
            };
            if record.get().is_some() {
                // It has emitters, and goes on elsewhere.
                return Some(match running.as_mut().poll(context) {
                    Poll::Ready(concluded) => {
                        FirstPoll::FinishedCall(CallResult::HandlerResult(concluded))
                    }
                    Poll::Pending => FirstPoll::Pends(running),
                });
            }
            match waiting.poll_first(context, |context| running.as_mut().poll(context)) {
                Poll::Ready(HandlerResult::Done) => {}
                Poll::Ready(concluded) => {
                    return Some(FirstPoll::FinishedCall(CallResult::HandlerResult(
                        concluded,
                    )));
                }
                Poll::Pending => waiting.keep(Plain {
                    running,
                    seat: emission.position(),
                    refused: None,
                }),
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
    let seat = emission.position();
    let given = record.into_inner().map(|more| more.into_inner().given);
    let begun = call.map(|call| StartedCall {
        call,
        given: given.unwrap_or_default(),
    });
    Some(Box::new(RemainingHandlers {
        seat,
        begun,
        waiting,
    }))
}

/// Runs the async handler at one seat; answers how far it got, if it is not simply done.
pub(crate) fn run_one<'a>(
    inner: &Arc<DispatcherState>,
    entry: &'a TableEntry,
    seat: usize,
    event: &'a dyn AnyEvent,
    origin: &Lineage,
    context: &mut Context<'_>,
) -> Option<StartedCall<'a>> {
    let Call::Async(call) = &entry.later[seat].later.call else {
        unreachable!("only async handlers go this way")
    };
    let record = LazyState::new();
    let seats = DeferredLookup(entry);
    let emission = Emission::new(inner, &seats, origin, &record);
    emission.set_position(seat);
    let one = AssertUnwindSafe(|| {
        let mut running = match call.start(event, &Delivery::new(&emission)) {
            Ok(running) => running,
            Err(why) => return Some(FirstPoll::FinishedCall(CallResult::NotRun(why))),
        };
        match running.as_mut().poll(context) {
            Poll::Ready(HandlerResult::Done) if record.get().is_none() => None,
            Poll::Ready(concluded) => Some(FirstPoll::FinishedCall(CallResult::HandlerResult(
                concluded,
            ))),
            Poll::Pending => Some(FirstPoll::Pends(running)),
        }
    });
    let call = match catch_unwind(one) {
        Ok(call) => call?,
        Err(payload) => panicked(payload),
    };
    let given = record.into_inner().map(|more| more.into_inner().given);
    Some(StartedCall {
        call,
        given: given.unwrap_or_default(),
    })
}

#[cold]
fn panicked<'a>(payload: Box<dyn Any + Send>) -> FirstPoll<'a> {
    FirstPoll::FinishedCall(CallResult::Panicked(payload))
}

/// Tells which async handler stands at a seat.
struct DeferredLookup<'a>(&'a TableEntry);

impl HandlerLookup for DeferredLookup<'_> {
    fn event(&self) -> &'static EventInfo {
        self.0.event()
    }

    fn handler(&self, position: usize) -> HandlerInfo {
        self.0.later[position].handler
    }

    fn as_event<'a>(&self, event: &'a dyn Any) -> &'a dyn AnyEvent {
        self.0.as_event(event)
    }
}
