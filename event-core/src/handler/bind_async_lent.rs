//! Binds `async` functions and methods that are lent a value, as a transaction lends itself to durable handlers.
//!
//! The macro passes the function item itself, as it does for other `async` handlers.

#![allow(
    missing_docs,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::{Any, TypeId, type_name};
use std::future::Future;
use std::marker::PhantomData;

use crate::engine::emission::delivery::Delivery;
use crate::engine::plan::bound::{AsyncLentBinding, HandlerFuture, NotRun, Received};
use crate::event::any::AnyEvent;
use crate::handler::async_slots::{AsyncSlot, AsyncSlots};
use crate::handler::bind_async::{BoundAsync, Call, limited};

/// An `async fn` that takes the event first, then `&mut L`, and returns an `R`.
#[diagnostic::on_unimplemented(message = "this is no `async fn` that an outbox can call")]
pub trait AsyncLentHandler<'a, E: ?Sized + 'a, L: 'a, S: AsyncSlots, R>:
    Send + Sync + 'static
{
    type Future: Future<Output = R> + 'a;

    fn call(&self, event: &'a E, lent: &'a mut L, args: S::Args<'a>) -> Self::Future;
}

/// An `async fn` that takes `&self` first, then the event, then `&mut L`.
#[diagnostic::on_unimplemented(message = "this is no `async fn` that an outbox can call")]
pub trait AsyncLentMethod<'a, E: ?Sized + 'a, L: 'a, S: AsyncSlots, R>:
    Send + Sync + 'static
{
    type Future: Future<Output = R> + 'a;

    fn call(&self, event: &'a E, lent: &'a mut L, args: S::Args<'a>) -> Self::Future;
}

impl<'a, E, L, F, R, Fut> AsyncLentHandler<'a, E, L, (), R> for F
where
    E: ?Sized + 'a,
    L: 'a,
    F: Fn(&'a E, &'a mut L) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + 'a,
{
    type Future = Fut;

    fn call(&self, event: &'a E, lent: &'a mut L, (): ()) -> Fut {
        self(event, lent)
    }
}

macro_rules! lent_slots {
    (@each $($slot:ident)+) => {
        impl<'a, E, L, Func, R, Fut, $($slot: AsyncSlot),+>
            AsyncLentHandler<'a, E, L, ($($slot,)+), R> for Func
        where
            E: ?Sized + 'a,
            L: 'a,
            Func: Fn(&'a E, &'a mut L, $($slot::Arg<'a>),+) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = R> + 'a,
        {
            type Future = Fut;

            #[allow(non_snake_case, reason = "one name serves the type and its value")]
            fn call(
                &self,
                event: &'a E,
                lent: &'a mut L,
                ($($slot,)+): ($($slot::Arg<'a>,)+),
            ) -> Fut {
                self(event, lent, $($slot),+)
            }
        }
    };
    (@method $this:ident $($slot:ident)*) => {
        impl<'a, E, L, Func, R, Fut, $this: AsyncSlot $(, $slot: AsyncSlot)*>
            AsyncLentMethod<'a, E, L, ($this, $($slot,)*), R> for Func
        where
            E: ?Sized + 'a,
            L: 'a,
            Func: Fn($this::Arg<'a>, &'a E, &'a mut L $(, $slot::Arg<'a>)*) -> Fut
                + Send
                + Sync
                + 'static,
            Fut: Future<Output = R> + 'a,
        {
            type Future = Fut;

            #[allow(non_snake_case, reason = "one name serves the type and its value")]
            fn call(
                &self,
                event: &'a E,
                lent: &'a mut L,
                ($this, $($slot,)*): ($this::Arg<'a>, $($slot::Arg<'a>,)*),
            ) -> Fut {
                self($this, event, lent $(, $slot)*)
            }
        }
    };
    ($first:ident $($others:ident)*) => {
        lent_slots!(@each $first $($others)*);
        lent_slots!(@method $first $($others)*);
    };
}

lent_slots!(A);
lent_slots!(A B);
lent_slots!(A B C);
lent_slots!(A B C D);
lent_slots!(A B C D G);
lent_slots!(A B C D G H);
lent_slots!(A B C D G H I);

/// A function that is lent an `L`, with its parameters, its timeout, and what its calls end with.
pub(crate) struct BoundLent<E: ?Sized, L, F, S, R> {
    bound: BoundAsync<E, F, S, R>,
    lent: PhantomData<fn(&mut L)>,
}

/// A method that is lent an `L`.
pub(crate) struct BoundLentMethod<E: ?Sized, L, F, S, R>(pub(crate) BoundLent<E, L, F, S, R>);

impl<E: ?Sized, L, F, S, R> BoundLent<E, L, F, S, R> {
    pub(crate) fn new(bound: BoundAsync<E, F, S, R>) -> Self {
        Self {
            bound,
            lent: PhantomData,
        }
    }

    fn bound(&self) -> &BoundAsync<E, F, S, R> {
        &self.bound
    }
}

impl<E: ?Sized, L, F, S, R> BoundLentMethod<E, L, F, S, R> {
    fn bound(&self) -> &BoundAsync<E, F, S, R> {
        &self.0.bound
    }
}

macro_rules! lent_binding {
    () => {
        fn lent(&self) -> (TypeId, &'static str) {
            (TypeId::of::<L>(), type_name::<L>())
        }

        fn start<'a>(
            &'a self,
            event: &'a dyn AnyEvent,
            lent: &'a mut (dyn Any + Send),
            delivery: &Delivery<'_>,
        ) -> Result<HandlerFuture<'a>, NotRun> {
            let this = self.bound();
            let event = E::received(event);
            let Some(lent) = lent.downcast_mut::<L>() else {
                unreachable!("a build checks what its outbox lends")
            };
            let args = this.slots.args(delivery)?;
            let begin = move || (this.function.call(event, lent, args), &this.conclusion);
            let running: HandlerFuture<'a> = Box::pin(Call::New { begin });
            Ok(match this.timeout {
                None => running,
                Some(limit) => limited(running, limit),
            })
        }
    };
}

impl<E, L, F, S, R> AsyncLentBinding for BoundLent<E, L, F, S, R>
where
    E: ?Sized + Received,
    L: Send + 'static,
    S: AsyncSlots,
    R: 'static,
    F: for<'a> AsyncLentHandler<'a, E, L, S, R, Future: Send>,
{
    lent_binding!();
}

impl<E, L, F, S, R> AsyncLentBinding for BoundLentMethod<E, L, F, S, R>
where
    E: ?Sized + Received,
    L: Send + 'static,
    S: AsyncSlots,
    R: 'static,
    F: for<'a> AsyncLentMethod<'a, E, L, S, R, Future: Send>,
{
    lent_binding!();
}
