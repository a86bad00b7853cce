//! Handlers bound to their parameters: what an emission, a task or a queue's consumer calls.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::box_error::BoxError;
use crate::engine::emission::delivery::Delivery;
use crate::engine::emission::erased::ErasedEvent;
use crate::engine::emission::{AsAny, Emission};
use crate::event::Event;
use crate::event::any::AnyEvent;

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
    pub(crate) deferred: Vec<DeferredBinding<E>>,
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
            deferred: Vec::new(),
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
        self.deferred.push(DeferredBinding { filter, call });
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

/// What runs a delivery and takes in its conclusion.
pub(crate) trait EffectSink {
    fn cause(&self, event: Box<dyn ErasedEvent>);
    fn fail(&self, error: BoxError);
    fn stop(&self);
}

/// Why a handler was not called.
pub enum NotRun {
    Filtered,
    /// A handler before it failed, and the first failure ends the emission.
    EarlierFailure,
    /// The target of a weak subscription ended.
    Cancelled,
    Rejected(BoxError),
}

/// A call of an async handler that is under way.
pub(crate) type HandlerFuture<'a> = Pin<Box<dyn Future<Output = HandlerResult> + Send + 'a>>;

/// What such a call led to.
pub(crate) enum HandlerResult {
    /// Nothing but that it is done.
    Done,
    Effects(Box<CollectedEffects>),
}

/// What an outcome said, until the emission takes it in.
#[derive(Default)]
pub(crate) struct CollectedEffects {
    pub(crate) caused: Vec<Box<dyn ErasedEvent>>,
    pub(crate) errors: Vec<BoxError>,
    /// It took longer than this, and was dropped.
    pub(crate) timed_out: Option<Duration>,
}

/// An async handler with its parameters.
pub(crate) trait AsyncBinding<E: ?Sized>: Send + Sync {
    /// Makes the parameters. The function is called when the future is first polled.
    fn start<'a>(
        &'a self,
        event: &'a E,
        delivery: &Delivery<'_>,
    ) -> Result<HandlerFuture<'a>, NotRun>;
}
