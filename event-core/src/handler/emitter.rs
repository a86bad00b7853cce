//! Lets a handler emit events from inside its body, but only those that it declares.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use crate::engine::emission::delivery::Delivery;
pub(crate) use crate::engine::emission::emitter_buffer::EmitterBuffer;
use crate::engine::emission::pending_event::PendingEvent;
use crate::engine::emit_all;
use crate::event::{EmitsNow, Event};
use crate::handler::outcome::Events;
use crate::handler::param::Param;
use crate::handler::resolver::Resolver;

/// A handler's parameter that emits the events it names, and no others.
///
/// Returning the event is simpler where a handler causes one event; an emitter is for loops and for
/// events in the middle of a body. The events that it was given join the same first-in-first-out list as
/// those that handlers return, and are emitted after every handler of the current event has run. They are
/// emitted even if the handler then fails or panics, since they are facts.
///
/// `E` is one event type or a tuple of up to eight. An emitter that is kept beyond its delivery emits at
/// once, as a root of its own.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Emitter, Event, handler};
///
/// #[derive(Event)]
/// struct OrderPlaced { lines: u32 }
/// #[derive(Event)]
/// struct LinePicked;
///
/// #[handler]
/// fn pick(event: &OrderPlaced, emitter: Emitter<LinePicked>) {
///     for _ in 0..event.lines {
///         emitter.emit_after(LinePicked);
///     }
/// }
///
/// let dispatcher = Dispatcher::builder().only(pick).build()?;
/// let report = dispatcher.emit(OrderPlaced { lines: 3 });
/// assert_eq!(report.returned::<LinePicked>().count(), 3);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
pub struct Emitter<E> {
    emitters: Arc<EmitterBuffer>,
    events: PhantomData<fn(E)>,
}

impl<L> Emitter<L> {
    /// Emits `event` after every handler of the current event has run.
    #[track_caller]
    pub fn emit_after<E, At>(&self, event: E)
    where
        E: Event + EmitsNow<E::Durability>,
        L: Names<E, At>,
    {
        let event = PendingEvent {
            event: Box::new(event),
            emitted_at: Some(Location::caller()),
        };
        if let Err(event) = self.emitters.push(event) {
            emit_all::emit_late(event, &self.emitters);
        }
    }
}

impl<L: Emits> Param for Emitter<L> {
    type State = ();
    type Rejection = std::convert::Infallible;

    const EMITS: bool = true;

    fn events(events: &mut Events) {
        L::events(events);
    }

    fn resolve(_: &mut Resolver<'_>) -> Option<()> {
        Some(())
    }

    fn param((): &(), delivery: &Delivery<'_>) -> Result<Self, Self::Rejection> {
        Ok(Self {
            emitters: delivery.emission().open_emitter(),
            events: PhantomData,
        })
    }
}

impl<L> fmt::Debug for Emitter<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emitter").finish_non_exhaustive()
    }
}

/// The list of an [`Emitter`] names `E`: the bound of [`Emitter::emit_after`]. `At` is the position in a
/// tuple, and is always inferred; generic code passes it on.
#[diagnostic::on_unimplemented(
    message = "this handler's `Emitter` does not name `{E}`",
    label = "`{E}` is not among the events it may emit",
    note = "add `{E}` to the handler's parameter: `Emitter<(…, {E})>`"
)]
pub trait Names<E, At> {}

impl<E: Event> Names<E, ()> for E {}

/// The events that an [`Emitter`] emits: one event, or a tuple of up to eight.
#[diagnostic::on_unimplemented(
    message = "an `Emitter` cannot emit `{Self}`",
    label = "neither an event nor a tuple of up to eight events",
    note = "name events: `Emitter<OrderPlaced>`, `Emitter<(OrderPlaced, StockReserved)>`"
)]
pub trait Emits: 'static {
    #[doc(hidden)]
    fn events(events: &mut Events);
}

#[diagnostic::do_not_recommend]
impl<E: Event> Emits for E {
    fn events(events: &mut Events) {
        events.add::<E>();
    }
}

/// No event. Without it the impl for an emitter of one event would be the only candidate, from which
/// rustc infers the event's type, so that a wrong event is reported as "mismatched types" and not with
/// our text.
#[doc(hidden)]
#[derive(Debug)]
pub enum Nothing {}

#[diagnostic::do_not_recommend]
impl<L> Names<Nothing, Nothing> for L {}

macro_rules! tuple_emits {
    ($($event:ident)+) => {
        impl<$($event: Event),+> Emits for ($($event,)+) {
            fn events(events: &mut Events) {
                $(events.add::<$event>();)+
            }
        }
    };
}

tuple_emits!(A);
tuple_emits!(A B);
tuple_emits!(A B C);
tuple_emits!(A B C D);
tuple_emits!(A B C D F);
tuple_emits!(A B C D F G);
tuple_emits!(A B C D F G H);
tuple_emits!(A B C D F G H I);

macro_rules! tuple_names {
    ($($index:literal: ($($before:ident)*) $at:ident ($($after:ident)*);)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($before,)* $at: Event $(, $after)*> Names<$at, [(); $index]>
            for ($($before,)* $at, $($after,)*) {}
    )+};
}

tuple_names! {
    1: () A ();
}
tuple_names! {
    1: () A (B);
    2: (A) B ();
}
tuple_names! {
    1: () A (B C);
    2: (A) B (C);
    3: (A B) C ();
}
tuple_names! {
    1: () A (B C D);
    2: (A) B (C D);
    3: (A B) C (D);
    4: (A B C) D ();
}
tuple_names! {
    1: () A (B C D F);
    2: (A) B (C D F);
    3: (A B) C (D F);
    4: (A B C) D (F);
    5: (A B C D) F ();
}
tuple_names! {
    1: () A (B C D F G);
    2: (A) B (C D F G);
    3: (A B) C (D F G);
    4: (A B C) D (F G);
    5: (A B C D) F (G);
    6: (A B C D F) G ();
}
tuple_names! {
    1: () A (B C D F G H);
    2: (A) B (C D F G H);
    3: (A B) C (D F G H);
    4: (A B C) D (F G H);
    5: (A B C D) F (G H);
    6: (A B C D F) G (H);
    7: (A B C D F G) H ();
}
tuple_names! {
    1: () A (B C D F G H I);
    2: (A) B (C D F G H I);
    3: (A B) C (D F G H I);
    4: (A B C) D (F G H I);
    5: (A B C D) F (G H I);
    6: (A B C D F) G (H I);
    7: (A B C D F G) H (I);
    8: (A B C D F G H) I ();
}
