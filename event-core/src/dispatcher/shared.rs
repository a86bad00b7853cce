//! An event that outlives the emit that emitted it, for the deliveries that run later.

use std::any::Any;
use std::sync::Arc;
use std::task::Context;

use super::at_once::{self, Begun};
use super::calls::Call;
use super::depth;
use super::emission::{Emission, Who};
use super::inner::{Found, Inner};
use super::origin::Origin;
use super::roster::Roster;
use super::seat::{LateCall, Place, Reserved};
use crate::event::{AnyEvent, Event, EventInfo};
use crate::handler::HandlerInfo;
use crate::handler::asynchronous::Running;
use crate::handler::binder::NotRun;
use crate::isolate;
use crate::param::Delivery;
use crate::queue::buffer::Label;

/// An event with what it comes from.
pub(crate) struct Shared<E> {
    event: Held<E>,
    origin: Origin,
    /// The place of an event that the dispatcher's table does not have.
    late: Option<Arc<super::roster::Entry>>,
}

enum Held<E> {
    Here(E),
    /// Somebody wants an `Arc` of it.
    Arc(Arc<E>),
    /// It was let go, with what holds it.
    Gone,
}

/// One handler or subscription that does not run inline.
#[derive(Clone)]
pub(crate) enum Target {
    /// The seat at this index of the event's roster.
    Seat(u32),
    Subscription(Reserved),
}

/// One event for one handler, on its way through a queue.
pub(crate) struct Item {
    pub(crate) event: Arc<dyn Delivered>,
    pub(crate) target: Target,
    /// Which delivery of the event to the target it is, from 1.
    pub(crate) attempt: u32,
    /// The number of the handler, if a queue runs it.
    pub(crate) label: Label,
}

impl Item {
    /// What is no delivery to a handler of a queue.
    pub(crate) const UNLABELLED: Label = Label::MAX;

    /// The first delivery to a handler of a queue.
    pub(crate) fn queued(event: Arc<dyn Delivered>, target: Target, label: Label) -> Self {
        Self {
            event,
            target,
            attempt: 1,
            label,
        }
    }

    /// The first delivery to a task, or to a stream.
    pub(crate) fn new(event: Arc<dyn Delivered>, target: Target) -> Self {
        Self {
            event,
            target,
            attempt: 1,
            label: Self::UNLABELLED,
        }
    }

    pub(crate) fn handler(&self, inner: &Inner) -> HandlerInfo {
        self.event.handler(inner, &self.target)
    }
}

/// A [`Shared`] event, whatever its type.
pub(crate) trait Delivered: Send + Sync {
    fn info(&self) -> &'static EventInfo;
    fn as_any_event(&self) -> &dyn AnyEvent;
    fn origin(&self) -> &Origin;
    /// Where the event's `key` puts it.
    fn lane(&self) -> Option<u64>;
    /// The event as an `Arc<E>`, if it is held as one.
    fn share(&self) -> Option<Arc<dyn Any + Send + Sync>>;
    /// The same, as an event.
    fn share_event(&self) -> Option<Arc<dyn AnyEvent>>;
    /// How many seats the event has.
    fn seats(&self, inner: &Inner) -> usize;
    fn place<'a>(&'a self, inner: &'a Inner, seat: u32) -> &'a Place;
    fn handler(&self, inner: &Inner, target: &Target) -> HandlerInfo;
    /// Whether a call of an async handler needs the runtime's timers.
    fn needs_timer(&self, inner: &Inner, target: &Target) -> bool;
    /// Asks the filter of a seat; it is the user's, and may panic.
    fn admits(&self, inner: &Inner, seat: u32) -> bool;
    /// Calls a handler that is no `async fn`.
    fn call(&self, seat: u32, emission: &Emission<'_>, lent: Option<&mut dyn Any>);
    /// Whether a seat's handler is an `async fn` without a timeout.
    fn runs_at_once(&self, inner: &Inner, seat: u32) -> bool;
    /// Runs such a handler; answers how far it got, if it is not simply done.
    fn run_at_once<'a>(
        &'a self,
        inner: &'a Arc<Inner>,
        seat: u32,
        context: &mut Context<'_>,
    ) -> Option<Begun<'a>>;
    /// Whether a target is an `async fn`.
    fn is_async(&self, inner: &Inner, target: &Target) -> bool;
    /// Starts a handler that is an `async fn`; `None` for another.
    fn start<'a>(
        &'a self,
        inner: &'a Inner,
        target: &Target,
        emission: &Emission<'_>,
    ) -> Option<Result<Running<'a>, NotRun>>;
}

impl<E: Event> Shared<E> {
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(crate) fn new(event: E, origin: Origin, found: &Found<'_>, is_subscribed: bool) -> Self {
        Self {
            event: if is_subscribed || origin.trace.is_some() {
                Held::Arc(Arc::new(event))
            } else {
                Held::Here(event)
            },
            origin: origin.outliving(),
            late: found.late(),
        }
    }

    /// Of an event that somebody else holds, too.
    #[cfg(feature = "serde")]
    pub(crate) fn held(event: Arc<E>, origin: Origin, found: &Found<'_>) -> Self {
        Self {
            event: Held::Arc(event),
            origin: origin.outliving(),
            late: found.late(),
        }
    }

    /// A root outside of all others, of an event that the table has.
    #[inline]
    pub(crate) fn root(event: E) -> Self {
        Self {
            event: Held::Here(event),
            origin: Origin::at(0).outliving(),
            late: None,
        }
    }

    #[inline]
    pub(crate) fn event(&self) -> &E {
        match &self.event {
            Held::Here(event) => event,
            Held::Arc(event) => event,
            Held::Gone => unreachable!("what holds it is gone, too"),
        }
    }

    fn roster<'a>(&'a self, inner: &'a Inner) -> &'a Roster<E> {
        match &self.late {
            Some(entry) => entry.roster(),
            None => match inner.known::<E>() {
                Some(entry) => entry.roster(),
                None => unreachable!("an event without a place has no handlers"),
            },
        }
    }
}

impl<E> Drop for Shared<E> {
    /// Whoever lets it go last: what the event's `Drop` emits, which is the user's, is inside of the
    /// event, or an event whose `Drop` emits it would never end.
    fn drop(&mut self) {
        if !const { std::mem::needs_drop::<E>() } {
            return;
        }
        let event = std::mem::replace(&mut self.event, Held::Gone);
        let drop_event = || isolate::caught(|| drop(event));
        if let (Err(payload), _) = depth::enter_deeper(self.origin.depth, drop_event) {
            std::panic::resume_unwind(payload);
        }
    }
}

impl<E: Event> Delivered for Shared<E> {
    fn info(&self) -> &'static EventInfo {
        E::INFO
    }

    fn as_any_event(&self) -> &dyn AnyEvent {
        self.event()
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn lane(&self) -> Option<u64> {
        self.event().lane()
    }

    fn share(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        match &self.event {
            Held::Here(_) | Held::Gone => None,
            Held::Arc(event) => Some(Arc::clone(event) as Arc<dyn Any + Send + Sync>),
        }
    }

    fn share_event(&self) -> Option<Arc<dyn AnyEvent>> {
        match &self.event {
            Held::Here(_) | Held::Gone => None,
            Held::Arc(event) => Some(Arc::clone(event) as Arc<dyn AnyEvent>),
        }
    }

    fn seats(&self, inner: &Inner) -> usize {
        self.roster(inner).later.len()
    }

    fn place<'a>(&'a self, inner: &'a Inner, seat: u32) -> &'a Place {
        &self.roster(inner).later[seat as usize].place
    }

    fn handler(&self, inner: &Inner, target: &Target) -> HandlerInfo {
        match target {
            Target::Seat(seat) => self.roster(inner).later[*seat as usize].handler,
            Target::Subscription(subscription) => subscription.info(),
        }
    }

    fn needs_timer(&self, inner: &Inner, target: &Target) -> bool {
        match target {
            Target::Seat(seat) => self.roster(inner).later[*seat as usize].has_timeout,
            Target::Subscription(_) => false,
        }
    }

    fn admits(&self, inner: &Inner, seat: u32) -> bool {
        let filter = &self.roster(inner).later[seat as usize].later.filter;
        filter.as_ref().is_none_or(|holds| holds(self.event()))
    }

    fn call(&self, seat: u32, emission: &Emission<'_>, lent: Option<&mut dyn Any>) {
        let roster = self.roster(emission.inner());
        match (&roster.later[seat as usize].later.call, lent) {
            (Call::Sync(call), _) => call(self.event(), emission),
            (Call::Lent(call), Some(lent)) => call(self.event(), lent, emission),
            // Neither is put where it cannot run; `start` serves the first.
            (Call::Async(_), _) | (Call::Lent(_), None) => {}
        }
    }

    fn runs_at_once(&self, inner: &Inner, seat: u32) -> bool {
        let seat = &self.roster(inner).later[seat as usize];
        matches!(seat.later.call, Call::Async(_)) && !seat.has_timeout
    }

    fn run_at_once<'a>(
        &'a self,
        inner: &'a Arc<Inner>,
        seat: u32,
        context: &mut Context<'_>,
    ) -> Option<Begun<'a>> {
        let roster = self.roster(inner);
        at_once::run_one(
            inner,
            roster,
            seat as usize,
            self.event(),
            &self.origin,
            context,
        )
    }

    fn is_async(&self, inner: &Inner, target: &Target) -> bool {
        match target {
            Target::Seat(seat) => {
                let seat = &self.roster(inner).later[*seat as usize];
                matches!(seat.later.call, Call::Async(_))
            }
            Target::Subscription(_) => true,
        }
    }

    fn start<'a>(
        &'a self,
        inner: &'a Inner,
        target: &Target,
        emission: &Emission<'_>,
    ) -> Option<Result<Running<'a>, NotRun>> {
        match target {
            Target::Seat(seat) => match &self.roster(inner).later[*seat as usize].later.call {
                Call::Async(call) => Some(call.start(self.event(), &Delivery::new(emission))),
                _ => None,
            },
            Target::Subscription(subscription) => match subscription.call() {
                // It may have been cancelled since it was handed over.
                LateCall::Async { .. } if !subscription.claim() => Some(Err(NotRun::Cancelled)),
                // The target of a weak one may end between its claim and here.
                LateCall::Async { start, .. } => {
                    Some(start(self.share()?).ok_or(NotRun::Cancelled))
                }
                LateCall::Stream(_) => None,
            },
        }
    }
}

/// The one handler of a delivery that does not run inline.
pub(crate) struct One<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) event: &'a dyn Delivered,
    pub(crate) target: &'a Target,
    pub(crate) attempt: u32,
}

impl Who for One<'_> {
    fn event(&self) -> &'static EventInfo {
        self.event.info()
    }

    fn handler(&self, _: usize) -> HandlerInfo {
        self.event.handler(self.inner, self.target)
    }

    fn attempt(&self) -> u32 {
        self.attempt
    }
}
