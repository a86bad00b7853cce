//! The first poll of an async handler, which is often the only one.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::engine::emission::cascade_state::LazyState;
use crate::engine::emission::delivery::Delivery;
use crate::engine::emission::emitter_buffer::EmitterBuffer;
use crate::engine::emission::lineage::Lineage;
use crate::engine::emission::{Emission, HandlerLookup};
use crate::engine::plan::bound::{Call, HandlerFuture, HandlerResult, NotRun};
use crate::engine::plan::handlers::TableEntry;
use crate::engine::state::DispatcherState;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::retry::RetryPolicy;

/// A call that is not plainly done after its first poll.
pub(crate) struct StartedCall<'a> {
    pub(crate) call: FirstPoll<'a>,
    /// The emitters that the handler was given.
    pub(crate) emitters: Vec<Arc<EmitterBuffer>>,
}

pub(crate) enum FirstPoll<'a> {
    Pends(HandlerFuture<'a>),
    Ended(CallResult),
}

/// How a call ended.
pub(crate) enum CallResult {
    Ended(HandlerResult),
    NotRun(NotRun),
    Panicked(Box<dyn Any + Send>),
}

impl CallResult {
    /// Whether the call is *plainly done*: the handler ran, and caused and reported nothing.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Ended(HandlerResult::Done))
    }
}

/// Polls the async handler at `index` once. Returns its call, unless the call is plainly done.
pub(crate) fn run_one<'a>(
    inner: &Arc<DispatcherState>,
    entry: &'a TableEntry,
    index: usize,
    event: &'a dyn AnyEvent,
    lineage: &Lineage,
    context: &mut Context<'_>,
) -> Option<StartedCall<'a>> {
    let Call::Async(call) = &entry.deferred[index].binding.call else {
        unreachable!("only async handlers go this way")
    };
    let state = LazyState::new();
    let lookup = DeferredLookup(entry);
    let emission = Emission::new(inner, &lookup, lineage, &state);
    emission.set_position(index);
    let one = AssertUnwindSafe(|| {
        let mut running = match call.start(event, &Delivery::new(&emission)) {
            Ok(running) => running,
            Err(why) => return Some(FirstPoll::Ended(CallResult::NotRun(why))),
        };
        match running.as_mut().poll(context) {
            Poll::Ready(HandlerResult::Done) if state.get().is_none() => None,
            Poll::Ready(result) => Some(FirstPoll::Ended(CallResult::Ended(result))),
            Poll::Pending => Some(FirstPoll::Pends(running)),
        }
    });
    let call = match catch_unwind(one) {
        Ok(call) => call?,
        Err(payload) => panicked(payload),
    };
    let emitters = state.into_inner().map(|state| state.into_inner().emitters);
    Some(StartedCall {
        call,
        emitters: emitters.unwrap_or_default(),
    })
}

#[cold]
pub(crate) fn panicked<'a>(payload: Box<dyn Any + Send>) -> FirstPoll<'a> {
    FirstPoll::Ended(CallResult::Panicked(payload))
}

/// Looks up an event's deferred handlers by index.
pub(crate) struct DeferredLookup<'a>(pub(crate) &'a TableEntry);

impl HandlerLookup for DeferredLookup<'_> {
    fn event(&self) -> &'static EventInfo {
        self.0.event()
    }

    fn handler(&self, position: usize) -> HandlerInfo {
        self.0.deferred[position].handler
    }

    fn as_event<'a>(&self, event: &'a dyn Any) -> &'a dyn AnyEvent {
        self.0.as_event(event)
    }

    fn retry(&self, position: usize) -> Option<&RetryPolicy> {
        self.0.deferred[position].retry.as_ref()
    }
}
