//! An emission to async handlers that are mostly ready when they are first polled.
//!
//! Events whose handlers run inline or as plain `async fn`s, with no filter, no timeout, no limit and no
//! order among them, go this way first. Each call is polled where it starts, under one `catch_unwind`
//! around all of them. It goes on while a call is simply done or waits; the first that is more, and all
//! behind it, are left to [`structured`](super::structured), as is the rest of those that wait.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::calls::Call;
use super::cascade::{Record, Root};
use super::concurrent::Concurrent;
use super::depth::{self, Refusal};
use super::emission::{Emission, Who};
use super::emit::run_plain;
use super::flight::Landing;
use super::inner::Inner;
use super::origin::{self, Origin};
use super::roster::Roster;
use super::shared::Shared;
use crate::emitter::Given;
use crate::event::{Event, EventInfo};
use crate::handler::HandlerInfo;
use crate::handler::asynchronous::{Concluded, Running};
use crate::isolate;
use crate::param::Delivery;

/// What is left of an emission that was not simply done.
pub(crate) struct Rest<'a> {
    /// The handler that stopped it; those behind it have not started.
    pub(crate) seat: usize,
    /// How far that one got, unless it has not started either.
    pub(crate) begun: Option<Begun<'a>>,
    /// Those before it that wait.
    pub(crate) waiting: Concurrent<Plain<'a>>,
}

/// A call that waits, of an outermost root that nobody observes, and that has no emitters.
pub(crate) struct Plain<'a> {
    pub(crate) running: Running<'a>,
    pub(crate) seat: usize,
    refused: Option<Refusal>,
}

impl Future for Plain<'_> {
    type Output = (Landing, Option<Refusal>);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let running = &mut self.running;
        let poll = AssertUnwindSafe(|| running.as_mut().poll(context));
        let (polled, refused) = depth::enter(origin::ROOT.depth, || catch_unwind(poll));
        self.refused = self.refused.or(refused);
        let landing = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(concluded)) => Landing::Concluded(concluded),
            Err(payload) => Landing::Panicked(payload),
        };
        Poll::Ready((landing, self.refused))
    }
}

impl Plain<'_> {
    /// Drops what runs. It is the user's, and its emits are inside of the emission.
    pub(crate) fn discard(self) {
        let discard = || isolate::run(|| drop(self.running));
        let _ = depth::enter(origin::ROOT.depth, discard);
    }
}

/// A call that is more than done.
pub(crate) struct Begun<'a> {
    pub(crate) call: Begin<'a>,
    /// The emitters that the handler was given.
    pub(crate) given: Vec<Arc<Given>>,
}

pub(crate) enum Begin<'a> {
    Pends(Running<'a>),
    Landed(Landing),
}

/// Runs the inline handlers, then the async ones, until one of them is not simply done.
#[inline]
pub(crate) fn run<'a, E: Event>(
    inner: &Arc<Inner>,
    roster: &'a Roster<E>,
    shared: &'a Shared<E>,
    root: &mut Root,
    context: &mut Context<'_>,
) -> Option<Box<Rest<'a>>> {
    let (event, origin) = (shared.event(), shared.origin());
    if !roster.handlers.is_empty() {
        root.done = run_plain(inner, roster, event, &root.record, origin);
        if root.record.get().is_some() {
            return Some(Box::new(Rest {
                seat: 0,
                begun: None,
                waiting: Concurrent::default(),
            }));
        }
    }
    let rest = run_async(inner, roster, event, origin, context);
    root.done += match &rest {
        None => roster.later.len(),
        Some(rest) => rest.seat - rest.waiting.len(),
    };
    rest
}

#[inline]
fn run_async<'a, E: Event>(
    inner: &Arc<Inner>,
    roster: &'a Roster<E>,
    event: &'a E,
    origin: &Origin,
    context: &mut Context<'_>,
) -> Option<Box<Rest<'a>>> {
    let record = Record::new();
    let seats = Seats(roster);
    let emission = Emission::new(inner, &seats, origin, &record);
    let mut waiting = Concurrent::default();
    let all = AssertUnwindSafe(|| {
        for seat in &roster.later {
            let Call::Async(call) = &seat.later.call else {
                unreachable!("only async handlers go this way")
            };
            let mut running = match call.start(event, &Delivery::new(&emission)) {
                Ok(running) => running,
                Err(why) => return Some(Begin::Landed(Landing::NotRun(why))),
            };
            if record.get().is_some() {
                // It has emitters, and goes on elsewhere.
                return Some(match running.as_mut().poll(context) {
                    Poll::Ready(concluded) => Begin::Landed(Landing::Concluded(concluded)),
                    Poll::Pending => Begin::Pends(running),
                });
            }
            match waiting.poll_first(context, |context| running.as_mut().poll(context)) {
                Poll::Ready(Concluded::Done) => {}
                Poll::Ready(concluded) => {
                    return Some(Begin::Landed(Landing::Concluded(concluded)));
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
    let begun = call.map(|call| Begun {
        call,
        given: given.unwrap_or_default(),
    });
    Some(Box::new(Rest {
        seat,
        begun,
        waiting,
    }))
}

/// Runs the async handler at one seat; answers how far it got, if it is not simply done.
pub(crate) fn run_one<'a, E: Event>(
    inner: &Arc<Inner>,
    roster: &'a Roster<E>,
    seat: usize,
    event: &'a E,
    origin: &Origin,
    context: &mut Context<'_>,
) -> Option<Begun<'a>> {
    let Call::Async(call) = &roster.later[seat].later.call else {
        unreachable!("only async handlers go this way")
    };
    let record = Record::new();
    let seats = Seats(roster);
    let emission = Emission::new(inner, &seats, origin, &record);
    emission.set_position(seat);
    let one = AssertUnwindSafe(|| {
        let mut running = match call.start(event, &Delivery::new(&emission)) {
            Ok(running) => running,
            Err(why) => return Some(Begin::Landed(Landing::NotRun(why))),
        };
        match running.as_mut().poll(context) {
            Poll::Ready(Concluded::Done) if record.get().is_none() => None,
            Poll::Ready(concluded) => Some(Begin::Landed(Landing::Concluded(concluded))),
            Poll::Pending => Some(Begin::Pends(running)),
        }
    });
    let call = match catch_unwind(one) {
        Ok(call) => call?,
        Err(payload) => panicked(payload),
    };
    let given = record.into_inner().map(|more| more.into_inner().given);
    Some(Begun {
        call,
        given: given.unwrap_or_default(),
    })
}

#[cold]
fn panicked<'a>(payload: Box<dyn Any + Send>) -> Begin<'a> {
    Begin::Landed(Landing::Panicked(payload))
}

/// Tells which async handler stands at a seat.
struct Seats<'a, E>(&'a Roster<E>);

impl<E: Event> Who for Seats<'_, E> {
    fn event(&self) -> &'static EventInfo {
        E::INFO
    }

    fn handler(&self, position: usize) -> HandlerInfo {
        self.0.later[position].handler
    }
}
