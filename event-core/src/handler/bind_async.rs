//! Calls async handlers.
//!
//! The macro passes the function item itself, so that the user's crate has no `async` block and no closure,
//! and rustc reports "not `Send`" at the function's own name. Each number of parameters has an impl of
//! [`AsyncHandler`], and one of [`AsyncMethod`] for `&self`.

#![allow(
    missing_docs,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::TypeId;
use std::cell::RefCell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::box_error::BoxError;
use crate::engine::emission::delivery::Delivery;
use crate::engine::emission::erased::ErasedEvent;
use crate::engine::plan::bound::EffectSink;
use crate::engine::plan::bound::NotRun;
use crate::engine::plan::bound::Received;
pub(crate) use crate::engine::plan::bound::{
    AsyncBinding, CollectedEffects, FirstStep, HandlerFuture, HandlerResult,
};
use crate::event::any::AnyEvent;
use crate::handler::async_slots::{AsyncSlot, AsyncSlots};
use crate::handler::outcome::Effects;
use crate::handler::retry::When;
use crate::runtime;

/// Collects the effects of an outcome.
#[derive(Default)]
struct EffectBuffer(RefCell<Option<Box<CollectedEffects>>>);

impl EffectSink for EffectBuffer {
    fn cause(&self, event: Box<dyn ErasedEvent>) {
        let mut collected = self.0.borrow_mut();
        collected.get_or_insert_default().caused.push(event);
    }

    fn fail(&self, error: BoxError) {
        let mut collected = self.0.borrow_mut();
        collected.get_or_insert_default().errors.push(error);
    }

    /// Does nothing: what runs later returns no `ControlFlow`, and [`Effects::stop`] says that it is ignored.
    fn stop(&self) {}
}

impl HandlerResult {
    pub(crate) fn of<R: 'static>(outcome: R, conclusion: &Conclusion<R>) -> Self {
        if TypeId::of::<R>() == TypeId::of::<()>() {
            return Self::Done;
        }
        let is_permanent = conclusion.when.is_some_and(|when| !when(&outcome));
        let collector = EffectBuffer::default();
        (conclusion.conclude)(outcome, &mut Effects::new(&collector));
        match collector.0.into_inner() {
            None => Self::Done,
            Some(mut collected) => {
                collected.is_permanent = is_permanent;
                Self::Effects(collected)
            }
        }
    }
}

/// An `async fn` that takes the event first and returns an `R`. `R` is a parameter of the trait, since rustc
/// reports a future that is not `Send` twice where `R` is an associated type.
#[diagnostic::on_unimplemented(message = "this is no `async fn` that a dispatcher can call")]
pub trait AsyncHandler<'a, E: ?Sized + 'a, S: AsyncSlots, R>: Send + Sync + 'static {
    type Future: Future<Output = R> + 'a;

    fn call(&self, event: &'a E, args: S::Args<'a>) -> Self::Future;
}

/// An `async fn` that takes `&self` first, then the event.
#[diagnostic::on_unimplemented(message = "this is no `async fn` that a dispatcher can call")]
pub trait AsyncMethod<'a, E: ?Sized + 'a, S: AsyncSlots, R>: Send + Sync + 'static {
    type Future: Future<Output = R> + 'a;

    fn call(&self, event: &'a E, args: S::Args<'a>) -> Self::Future;
}

impl<'a, E, F, R, Fut> AsyncHandler<'a, E, (), R> for F
where
    E: ?Sized + 'a,
    F: Fn(&'a E) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + 'a,
{
    type Future = Fut;

    fn call(&self, event: &'a E, (): ()) -> Fut {
        self(event)
    }
}

macro_rules! slots {
    (@each $($slot:ident)+) => {
        impl<$($slot: AsyncSlot),+> AsyncSlots for ($($slot,)+) {
            type Args<'a> = ($($slot::Arg<'a>,)+);

            fn shared(&self) -> Option<Self::Args<'_>> {
                #[allow(non_snake_case, reason = "one name serves the type and its value")]
                let ($($slot,)+) = self;
                Some(($($slot.shared()?,)+))
            }

            fn args<'a>(&'a self, delivery: &Delivery<'_>) -> Result<Self::Args<'a>, NotRun> {
                #[allow(non_snake_case, reason = "one name serves the type and its value")]
                let ($($slot,)+) = self;
                Ok(($($slot.arg(delivery)?,)+))
            }
        }

        impl<'a, E, Func, R, Fut, $($slot: AsyncSlot),+> AsyncHandler<'a, E, ($($slot,)+), R> for Func
        where
            E: ?Sized + 'a,
            Func: Fn(&'a E, $($slot::Arg<'a>),+) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = R> + 'a,
        {
            type Future = Fut;

            #[allow(non_snake_case, reason = "one name serves the type and its value")]
            fn call(&self, event: &'a E, ($($slot,)+): ($($slot::Arg<'a>,)+)) -> Fut {
                self(event, $($slot),+)
            }
        }
    };
    (@method $this:ident $($slot:ident)*) => {
        impl<'a, E, Func, R, Fut, $this: AsyncSlot $(, $slot: AsyncSlot)*>
            AsyncMethod<'a, E, ($this, $($slot,)*), R> for Func
        where
            E: ?Sized + 'a,
            Func: Fn($this::Arg<'a>, &'a E $(, $slot::Arg<'a>)*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = R> + 'a,
        {
            type Future = Fut;

            #[allow(non_snake_case, reason = "one name serves the type and its value")]
            fn call(
                &self,
                event: &'a E,
                ($this, $($slot,)*): ($this::Arg<'a>, $($slot::Arg<'a>,)*),
            ) -> Fut {
                self($this, event $(, $slot)*)
            }
        }
    };
    ($first:ident $($others:ident)*) => {
        slots!(@each $first $($others)*);
        slots!(@method $first $($others)*);
    };
}

slots!(A);
slots!(A B);
slots!(A B C);
slots!(A B C D);
slots!(A B C D G);
slots!(A B C D G H);
slots!(A B C D G H I);
slots!(A B C D G H I J);

/// A function that takes an `E`, with its parameters, its timeout, and what its calls end with.
pub(crate) struct BoundAsync<E: ?Sized, F, S, R> {
    pub(crate) function: F,
    pub(crate) slots: S,
    pub(crate) timeout: Option<Duration>,
    pub(crate) conclusion: Conclusion<R>,
    event: PhantomData<fn(&E)>,
}

impl<E: ?Sized, F, S, R> BoundAsync<E, F, S, R> {
    pub(crate) fn new(
        function: F,
        slots: S,
        timeout: Option<Duration>,
        conclusion: Conclusion<R>,
    ) -> Self {
        Self {
            function,
            slots,
            timeout,
            conclusion,
            event: PhantomData,
        }
    }
}

/// A method that takes an `E`, with all that [`BoundAsync`] has.
pub(crate) struct BoundMethod<E: ?Sized, F, S, R>(pub(crate) BoundAsync<E, F, S, R>);

pin_project! {
/// A call of an async handler. The first poll calls the function, so that the function's future is stored
/// once and in its place.
///
/// This is no `async` block: in a build without optimization, the stack frame of its `poll` would have space
/// for the future that is moved in it, and nested emits have all of their `poll` frames on the stack at once.
#[project = CallPart]
#[project_replace = CallBefore]
pub(crate) enum Call<'a, B, Fut, R> {
    New { begin: B },
    Started { #[pin] future: Fut, conclusion: &'a Conclusion<R> },
    Ended,
}
}

/// What a call ends with. A call refers to that of its handler, so that its future has one word for it.
pub(crate) struct Conclusion<R> {
    conclude: Conclude<R>,
    /// Whether another attempt may follow an outcome; `None` if it may follow any.
    when: Option<When<R>>,
}

/// Adds the effects of an outcome to an emission.
type Conclude<R> = fn(R, &mut Effects<'_>);

impl<R> Conclusion<R> {
    pub(crate) const fn new(conclude: Conclude<R>, when: Option<When<R>>) -> Self {
        Self { conclude, when }
    }
}

impl<'a, B, Fut, R> Call<'a, B, Fut, R>
where
    B: FnOnce() -> (Fut, &'a Conclusion<R>),
{
    fn begin(mut self: Pin<&mut Self>) {
        if let CallBefore::New { begin } = self.as_mut().project_replace(Self::Ended) {
            let (future, conclusion) = begin();
            self.set(Self::Started { future, conclusion });
        }
    }

    fn end(mut self: Pin<&mut Self>) {
        self.set(Self::Ended);
    }
}

impl<'a, B, Fut, R: 'static> Future for Call<'a, B, Fut, R>
where
    B: FnOnce() -> (Fut, &'a Conclusion<R>),
    Fut: Future<Output = R>,
{
    type Output = HandlerResult;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<HandlerResult> {
        if matches!(*self, Self::New { .. }) {
            self.as_mut().begin();
        }
        let CallPart::Started { future, conclusion } = self.as_mut().project() else {
            unreachable!("a call that has ended, or panicked as it began, is not polled")
        };
        let conclusion = *conclusion;
        let outcome = ready!(future.poll(context));
        self.end();
        Poll::Ready(HandlerResult::of(outcome, conclusion))
    }
}

/// Makes a call whose future has been made.
pub(crate) fn running<'a, R: 'static>(
    future: impl Future<Output = R> + Send + 'a,
    conclusion: &'a Conclusion<R>,
) -> HandlerFuture<'a> {
    type Begin<'a, Fut, R> = fn() -> (Fut, &'a Conclusion<R>);
    let call: Call<'a, Begin<'a, _, R>, _, R> = Call::Started { future, conclusion };
    Box::pin(call)
}

/// Ends a call when its timeout is over. The future is boxed, so that only calls with a timeout have a timer,
/// and the code of the timer is compiled once.
pub(crate) fn limited(running: HandlerFuture<'_>, limit: Duration) -> HandlerFuture<'_> {
    Box::pin(async move {
        match runtime::within(limit, running).await {
            Ok(result) => result,
            Err(limit) => HandlerResult::Effects(Box::new(CollectedEffects {
                timed_out: Some(limit),
                ..CollectedEffects::default()
            })),
        }
    })
}

macro_rules! start {
    () => {
        fn start<'a>(
            &'a self,
            event: &'a dyn AnyEvent,
            delivery: &Delivery<'_>,
        ) -> Result<HandlerFuture<'a>, NotRun> {
            let this = self.bound();
            let event = E::received(event);
            let args = this.slots.args(delivery)?;
            let begin = move || (this.function.call(event, args), &this.conclusion);
            let running: HandlerFuture<'a> = Box::pin(Call::New { begin });
            Ok(match this.timeout {
                None => running,
                Some(limit) => limited(running, limit),
            })
        }

        fn poll_first<'a>(
            &'a self,
            event: &'a dyn AnyEvent,
            context: &mut Context<'_>,
        ) -> FirstStep<'a> {
            let this = self.bound();
            let args = match this.slots.shared() {
                Some(args) if this.timeout.is_none() => args,
                _ => return FirstStep::PerDelivery,
            };
            let event = E::received(event);
            let begin = move || (this.function.call(event, args), &this.conclusion);
            let mut call = Box::pin(Call::New { begin });
            match call.as_mut().poll(context) {
                Poll::Ready(HandlerResult::Done) => FirstStep::Done,
                Poll::Ready(result) => FirstStep::Ended(result),
                Poll::Pending => FirstStep::Pends(call),
            }
        }
    };
}

impl<E: ?Sized, F, S, R> BoundAsync<E, F, S, R> {
    pub(crate) fn bound(&self) -> &Self {
        self
    }
}

impl<E: ?Sized, F, S, R> BoundMethod<E, F, S, R> {
    pub(crate) fn bound(&self) -> &BoundAsync<E, F, S, R> {
        &self.0
    }
}

impl<E, F, S, R> AsyncBinding for BoundAsync<E, F, S, R>
where
    E: ?Sized + Received,
    S: AsyncSlots,
    R: 'static,
    F: for<'a> AsyncHandler<'a, E, S, R, Future: Send>,
{
    start!();
}

impl<E, F, S, R> AsyncBinding for BoundMethod<E, F, S, R>
where
    E: ?Sized + Received,
    S: AsyncSlots,
    R: 'static,
    F: for<'a> AsyncMethod<'a, E, S, R, Future: Send>,
{
    start!();
}
