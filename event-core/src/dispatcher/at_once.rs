//! An emission to async handlers that are mostly ready when they are first polled.
//!
//! Events whose handlers run inline or as plain `async fn`s, with no filter, no timeout, no limit and no
//! order among them, go this way first. Each call is polled where it starts, under one `catch_unwind`
//! around all of them. It goes on while a call is simply done; the first that is not, and all behind it,
//! are left to [`structured`](super::structured).

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use super::calls::Call;
use super::cascade::{Record, Root};
use super::emission::{Emission, Who};
use super::emit::run_plain;
use super::flight::Landing;
use super::inner::Inner;
use super::origin::Origin;
use super::roster::Roster;
use super::shared::Shared;
use crate::emitter::Given;
use crate::event::{Event, EventInfo};
use crate::handler::HandlerInfo;
use crate::handler::asynchronous::{Concluded, Running};
use crate::param::Delivery;

/// What is left of an emission that was not simply done.
pub(crate) struct Rest<'a> {
    /// The handler that stopped it; those behind it have not started.
    pub(crate) seat: usize,
    /// How far that one got, unless it has not started either.
    pub(crate) begun: Option<Begun<'a>>,
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
) -> Option<Rest<'a>> {
    let (event, origin) = (shared.event(), shared.origin());
    if !roster.handlers.is_empty() {
        root.done = run_plain(inner, roster, event, &root.record, origin);
        if root.record.get().is_some() {
            return Some(Rest {
                seat: 0,
                begun: None,
            });
        }
    }
    let rest = run_async(inner, roster, event, origin, context);
    root.done += rest.as_ref().map_or(roster.later.len(), |rest| rest.seat);
    rest
}

#[inline]
fn run_async<'a, E: Event>(
    inner: &Arc<Inner>,
    roster: &'a Roster<E>,
    event: &'a E,
    origin: &Origin,
    context: &mut Context<'_>,
) -> Option<Rest<'a>> {
    let record = Record::new();
    let seats = Seats(roster);
    let emission = Emission::new(inner, &seats, origin, &record);
    let all = AssertUnwindSafe(|| {
        for seat in &roster.later {
            let Call::Async(call) = &seat.later.call else {
                unreachable!("only async handlers go this way")
            };
            let mut running = match call.start(event, &Delivery::new(&emission)) {
                Ok(running) => running,
                Err(why) => return Some(Begin::Landed(Landing::NotRun(why))),
            };
            match running.as_mut().poll(context) {
                Poll::Ready(Concluded::Done) if record.get().is_none() => {}
                Poll::Ready(concluded) => {
                    return Some(Begin::Landed(Landing::Concluded(concluded)));
                }
                Poll::Pending => return Some(Begin::Pends(running)),
            }
            emission.advance();
        }
        None
    });
    let call = match catch_unwind(all) {
        Ok(call) => call?,
        Err(payload) => panicked(payload),
    };
    let seat = emission.position();
    let given = record.into_inner().map(|more| more.into_inner().given);
    Some(Rest {
        seat,
        begun: Some(Begun {
            call,
            given: given.unwrap_or_default(),
        }),
    })
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
