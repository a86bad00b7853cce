//! The return values of handlers, and their effects.

use std::marker::PhantomData;
use std::ops::ControlFlow;

use crate::box_error::BoxError;
pub(crate) use crate::engine::plan::bound::EffectSink;
use crate::event::info::EventInfo;
use crate::event::{Durable, DurableEvent, EmitsNow, Event, Stoppable};

/// What a handler of `E` may return: `()`, an event, `Option`, `Vec` or tuples of these,
/// `Result<_, _>` with an error that converts into a [`BoxError`], and `ControlFlow<()>` where
/// `E` is [`Stoppable`] and the handler runs inline.
///
/// `#[derive(Event)]` implements it for the event. Returned events are emitted after every handler of the
/// current event has run.
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    label = "not something a handler returns",
    note = "a handler returns `()`, an event (`#[derive(Event)]`), `Option`, `Vec` or a tuple of \
            these, or `Result<_, _>` of one with an error; of a stoppable event, \
            `ControlFlow<()>` (and no `bool`); what is async is an `async fn`, \
            or is subscribed with `subscribe_async`"
)]
pub trait Outcome<E> {
    /// Reports the effects of the delivery. If `effects` is not called, the delivery is done.
    fn conclude(self, effects: &mut Effects<'_>);

    /// Adds the events that the outcome can be.
    #[doc(hidden)]
    fn events(events: &mut Events) {
        let _ = events;
    }
}

/// Stands for a handler of `E` that does not run inline, where an [`Outcome`] names what it is returned for: such a
/// handler runs after the emission, and cannot stop it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Deferred<E>(PhantomData<fn(E)>);

/// Stands for a handler of `E` whose deliveries an outbox makes, where an [`Outcome`] names what it is returned
/// for: such a handler may return durable events.
#[doc(hidden)]
#[derive(Debug)]
pub struct Transactional<E>(PhantomData<fn(E)>);

/// A durable event `D` may be returned for `C`. It is a trait of the durability and not of `C`, so that rustc shows
/// its message.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{D}` is durable, and the handler that returns it is not",
    label = "a durable event, which is emitted in a transaction",
    note = "add `durable` to the handler, as in `#[handler(durable, id = \"my_app.handler\")]`, so that the \
            transaction that completes its delivery emits `{D}`; or emit `{D}` where the transaction is, with \
            `tx.emit(…)`"
)]
pub trait ReturnedFor<D, C> {}

impl<D, E> ReturnedFor<D, Transactional<E>> for Durable {}

/// The events that a handler can cause, as a build collects them.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Events(pub(crate) Vec<&'static EventInfo>);

impl Events {
    /// Adds `E`.
    pub fn add<E: Event>(&mut self) {
        self.0.push(E::INFO);
    }
}

/// An error that a handler may return: anything that converts into a [`BoxError`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a handler's error",
    label = "not an error that can cross threads",
    note = "a handler's error is a `String`, a `&str`, an `event_core::error::BoxError`, or a type that \
            implements `std::error::Error + Send + Sync`"
)]
pub trait HandlerError {
    /// Returns the error, boxed.
    fn into_box_error(self) -> BoxError;
}

#[diagnostic::do_not_recommend]
impl<T: Into<BoxError>> HandlerError for T {
    fn into_box_error(self) -> BoxError {
        self.into()
    }
}

/// What a catch-all handler may return: `()`, or a `Result<(), _>`. It cannot return events, since it
/// would handle them, too.
#[diagnostic::on_unimplemented(
    message = "a catch-all handler cannot return `{Self}`",
    label = "a catch-all returns no events, or it would feed itself",
    note = "return `()` or `Result<(), _>`"
)]
pub trait CatchAllOutcome {
    /// Reports the effects of the delivery.
    fn conclude_catch_all(self, effects: &mut Effects<'_>);
}

/// Receives the effects of a delivery from its [`Outcome`].
pub struct Effects<'c> {
    sink: &'c dyn EffectSink,
}

impl<'c> Effects<'c> {
    #[inline]
    pub(crate) fn new(sink: &'c dyn EffectSink) -> Self {
        Self { sink }
    }

    /// Emits `event` after every handler of the current event has run, unless that exceeds a limit of the
    /// dispatcher.
    pub fn emit_after<T>(&mut self, event: T)
    where
        T: Event + EmitsNow<T::Durability>,
    {
        self.sink.cause(Box::new(event));
    }

    /// Emits a durable event in the transaction that completes the delivery.
    #[doc(hidden)]
    pub fn emit_durable<T: DurableEvent>(&mut self, event: T) {
        self.sink.cause(Box::new(event));
    }

    /// Ends the delivery as failed.
    pub fn fail(&mut self, error: impl HandlerError) {
        self.sink.fail(error.into_box_error());
    }

    /// Stops the emission: later handlers of the event are skipped. This is ignored for an event that is
    /// not stoppable.
    pub fn stop(&mut self) {
        self.sink.stop();
    }
}

impl std::fmt::Debug for Effects<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Effects").finish_non_exhaustive()
    }
}

impl<E> Outcome<E> for () {
    #[inline]
    fn conclude(self, _: &mut Effects<'_>) {}
}

impl<E, O: Outcome<E>> Outcome<E> for Option<O> {
    fn events(events: &mut Events) {
        O::events(events);
    }

    fn conclude(self, effects: &mut Effects<'_>) {
        if let Some(outcome) = self {
            outcome.conclude(effects);
        }
    }
}

impl<E, O: Outcome<E>> Outcome<E> for Vec<O> {
    fn events(events: &mut Events) {
        O::events(events);
    }

    fn conclude(self, effects: &mut Effects<'_>) {
        for outcome in self {
            outcome.conclude(effects);
        }
    }
}

impl<E, O: Outcome<E>, F: HandlerError> Outcome<E> for Result<O, F> {
    fn events(events: &mut Events) {
        O::events(events);
    }

    #[inline]
    fn conclude(self, effects: &mut Effects<'_>) {
        match self {
            Ok(outcome) => outcome.conclude(effects),
            Err(error) => effects.fail(error),
        }
    }
}

/// What an outcome is returned for: an event, by an inline handler, or a type that stands for a handler which runs
/// later.
#[doc(hidden)]
pub trait Returning {
    type Runs;
}

#[doc(hidden)]
#[derive(Debug)]
pub struct RunsInline;

#[doc(hidden)]
#[derive(Debug)]
pub struct RunsLater;

impl<E: Event> Returning for E {
    type Runs = RunsInline;
}

impl<E> Returning for Deferred<E> {
    type Runs = RunsLater;
}

impl<E> Returning for Transactional<E> {
    type Runs = RunsLater;
}

/// A handler that runs so can stop the emission of `C`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "only an inline handler or subscription can stop an emission, and this one runs later",
    label = "`ControlFlow` stops nothing here",
    note = "to end a subscription with a certain event, give it `.until(…)`; to stop the emission, leave out the \
            queue and `async`; otherwise return what is no `ControlFlow`"
)]
pub trait Stops<C> {}

impl<E: Stoppable> Stops<E> for RunsInline {}

/// For an inline handler of a [`Stoppable`] event.
impl<C: Returning> Outcome<C> for ControlFlow<()>
where
    C::Runs: Stops<C>,
{
    fn conclude(self, effects: &mut Effects<'_>) {
        if self.is_break() {
            effects.stop();
        }
    }
}

/// What a function returns. Stable Rust names `!` in the signature of a function alone.
#[allow(
    type_alias_bounds,
    reason = "the bound says whose `Output` it is, and the compiler need not enforce it"
)]
type Returned<F: FnOnce()> = F::Output;

/// For a closure that never returns, such as `|_: &OrderPlaced| unreachable!()`.
impl<E> Outcome<E> for Returned<fn() -> !> {
    fn conclude(self, _: &mut Effects<'_>) {
        match self {}
    }
}

impl CatchAllOutcome for () {
    fn conclude_catch_all(self, _: &mut Effects<'_>) {}
}

impl<F: HandlerError> CatchAllOutcome for Result<(), F> {
    fn conclude_catch_all(self, effects: &mut Effects<'_>) {
        if let Err(error) = self {
            effects.fail(error);
        }
    }
}

macro_rules! tuple_outcome {
    ($($part:ident)+) => {
        impl<E, $($part: Outcome<E>),+> Outcome<E> for ($($part,)+) {
            fn events(events: &mut Events) {
                $($part::events(events);)+
            }

            fn conclude(self, effects: &mut Effects<'_>) {
                #[allow(non_snake_case, reason = "one name serves the type and its value")]
                let ($($part,)+) = self;
                $($part.conclude(effects);)+
            }
        }
    };
}

tuple_outcome!(A);
tuple_outcome!(A B);
tuple_outcome!(A B C);
tuple_outcome!(A B C D);
tuple_outcome!(A B C D F);
tuple_outcome!(A B C D F G);
tuple_outcome!(A B C D F G H);
tuple_outcome!(A B C D F G H I);
