//! Handlers bound to their parameters: what an emission, a task or a queue's consumer calls.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::Any;
use std::sync::Arc;

use super::emission::{AsAny, Emission};
use crate::event::{AnyEvent, Event};
use crate::handler::asynchronous::{AsyncBinding, HandlerFuture};
use crate::handler::binder::NotRun;
use crate::param::Delivery;

/// A function with its parameters.
pub(crate) type Bound<E> = Box<dyn Fn(&E, &Emission<'_>) + Send + Sync>;

/// The same of one that is lent a value.
type Lent<E> = Box<dyn Fn(&E, &mut dyn Any, &Emission<'_>) + Send + Sync>;

pub(crate) type Filter<E> = Box<dyn Fn(&E) -> bool + Send + Sync>;

/// A handler that does not run inline.
pub(crate) struct DeferredBinding<E> {
    pub(crate) filter: Option<Filter<E>>,
    pub(crate) call: Call<E>,
}

pub(crate) enum Call<E> {
    Sync(Bound<E>),
    Lent(Lent<E>),
    Async(Box<dyn AsyncBinding<E>>),
}

/// The handlers of an event while a dispatcher is built.
pub(crate) struct List<E> {
    pub(crate) inline: Vec<Bound<E>>,
    pub(crate) later: Vec<DeferredBinding<E>>,
    pub(crate) as_any: AsAny<E>,
}

/// A catch-all handler with its parameters.
#[derive(Clone)]
pub struct CatchAll {
    pub(crate) filter: Option<fn(&dyn AnyEvent) -> bool>,
    pub(crate) call: AnyCall,
}

type AnyBound = Arc<dyn Fn(&dyn AnyEvent, &Emission<'_>) + Send + Sync>;

type AnyLent = Arc<dyn Fn(&dyn AnyEvent, &mut dyn Any, &Emission<'_>) + Send + Sync>;

#[derive(Clone)]
pub(crate) enum AnyCall {
    Inline(AnyBound),
    Sync(AnyBound),
    Lent(AnyLent),
    Async(Arc<dyn AsyncBinding<dyn AnyEvent>>),
}

impl<E: Event> List<E> {
    pub(crate) fn with_capacity(inline: usize) -> Self {
        Self {
            inline: Vec::with_capacity(inline),
            later: Vec::new(),
            as_any: |event| event,
        }
    }

    /// Adds a catch-all, which handles an `E` like any other event.
    pub(crate) fn push_catch_all(&mut self, catch_all: CatchAll) {
        let call = match catch_all.call {
            AnyCall::Inline(call) => {
                self.inline
                    .push(Box::new(move |event: &E, emission: &Emission<'_>| {
                        call(event, emission);
                    }));
                return;
            }
            AnyCall::Sync(call) => {
                Call::Sync(Box::new(move |event: &E, emission: &Emission<'_>| {
                    call(event, emission);
                }))
            }
            AnyCall::Lent(call) => Call::Lent(Box::new(
                move |event: &E, lent: &mut dyn Any, emission: &Emission<'_>| {
                    call(event, lent, emission);
                },
            )),
            AnyCall::Async(call) => Call::Async(Box::new(OfAny(call))),
        };
        let filter = catch_all
            .filter
            .map(|holds| Box::new(move |event: &E| holds(event)) as Filter<E>);
        self.later.push(DeferredBinding { filter, call });
    }
}

/// An async catch-all as a handler of one event.
struct OfAny(Arc<dyn AsyncBinding<dyn AnyEvent>>);

impl<E: Event> AsyncBinding<E> for OfAny {
    fn start<'a>(
        &'a self,
        event: &'a E,
        delivery: &Delivery<'_>,
    ) -> Result<HandlerFuture<'a>, NotRun> {
        self.0.start(event, delivery)
    }
}
