//! The first poll of an async handler, which mostly is the last.

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
use crate::engine::plan::handlers::EventHandlers;
use crate::engine::state::DispatcherState;
use crate::event::Event;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;

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

/// Runs the async handler at one seat; answers how far it got, if it is not simply done.
pub(crate) fn run_one<'a, E: Event>(
    inner: &Arc<DispatcherState>,
    roster: &'a EventHandlers<E>,
    seat: usize,
    event: &'a E,
    origin: &Lineage,
    context: &mut Context<'_>,
) -> Option<StartedCall<'a>> {
    let Call::Async(call) = &roster.later[seat].later.call else {
        unreachable!("only async handlers go this way")
    };
    let record = LazyState::new();
    let seats = DeferredHandlers(roster);
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
pub(crate) fn panicked<'a>(payload: Box<dyn Any + Send>) -> FirstPoll<'a> {
    FirstPoll::FinishedCall(CallResult::Panicked(payload))
}

/// Tells which async handler stands at a seat.
pub(crate) struct DeferredHandlers<'a, E>(pub(crate) &'a EventHandlers<E>);

impl<E: Event> HandlerLookup for DeferredHandlers<'_, E> {
    fn event(&self) -> &'static EventInfo {
        E::INFO
    }

    fn handler(&self, position: usize) -> HandlerInfo {
        self.0.later[position].handler
    }
}
