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
use crate::engine::emission::Emission;
use crate::engine::emission::delivery::Delivery;
use crate::engine::emission::erased::ErasedEvent;
use crate::event::any::AnyEvent;
use crate::panics;

/// A function with its parameters, which is no `async fn`.
///
/// A trait of its own: the object of a closure has two functions more, and each handler is an object.
pub(crate) trait SyncHandler<E: ?Sized>: DropObject + Send + Sync {
    fn call(&self, event: &E, emission: &Emission<'_>);
}

/// What is there to be dropped, whatever its type.
pub(crate) trait DropObject {}

impl<T> DropObject for T {}

/// A handler that runs inline.
pub(crate) type Bound<E> = Box<dyn SyncHandler<E>>;

/// A handler of any event that is no `async fn`.
type AnyBound = Arc<dyn SyncHandler<dyn AnyEvent>>;

/// The same of one that is lent a value.
type Lent = Arc<dyn Fn(&dyn AnyEvent, &mut dyn Any, &Emission<'_>) + Send + Sync>;

pub(crate) type Filter = Arc<dyn Fn(&dyn AnyEvent) -> bool + Send + Sync>;

/// A handler that does not run inline. It takes the event as an object, whatever its type, so that the code
/// between the emission and the call is there once.
#[derive(Clone)]
pub(crate) struct DeferredBinding {
    pub(crate) filter: Option<Filter>,
    pub(crate) call: Call,
}

#[derive(Clone)]
pub(crate) enum Call {
    Sync(AnyBound),
    Lent(Lent),
    Async(Arc<dyn AsyncBinding>),
}

/// A catch-all handler with its parameters.
#[derive(Clone)]
pub struct CatchAll(pub(crate) CatchAllBinding);

#[derive(Clone)]
pub(crate) enum CatchAllBinding {
    Inline(AnyBound),
    Deferred(DeferredBinding),
}

/// The handlers of an event while a dispatcher is built.
pub struct HandlerList {
    pub(crate) inline: Box<dyn ErasedInlineHandlers>,
    pub(crate) deferred: Vec<DeferredBinding>,
}

/// The handlers of an `E` that run inline, in order.
pub(crate) struct InlineHandlers<E>(Vec<Bound<E>>);

/// The same, whatever the event.
pub(crate) trait ErasedInlineHandlers: Any + Send + Sync {
    fn push_catch_all(&mut self, handler: AnyBound);
    /// An event of this type as what it is.
    fn as_event<'a>(&self, event: &'a dyn Any) -> &'a dyn AnyEvent;
}

impl HandlerList {
    pub(crate) fn new(inline: Box<dyn ErasedInlineHandlers>) -> Self {
        Self {
            inline,
            deferred: Vec::new(),
        }
    }

    /// Adds a catch-all, which handles the event like any other handler.
    pub(crate) fn push_catch_all(&mut self, catch_all: CatchAll) {
        match catch_all.0 {
            CatchAllBinding::Inline(handler) => self.inline.push_catch_all(handler),
            CatchAllBinding::Deferred(binding) => self.deferred.push(binding),
        }
    }
}

impl<E: 'static> InlineHandlers<E> {
    pub(crate) fn with_capacity(handlers: usize) -> Self {
        Self(Vec::with_capacity(handlers))
    }

    pub(crate) fn push(&mut self, handler: Bound<E>) {
        self.0.push(handler);
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[Bound<E>] {
        &self.0
    }
}

impl<E: AnyEvent> ErasedInlineHandlers for InlineHandlers<E> {
    fn push_catch_all(&mut self, handler: AnyBound) {
        self.push(Box::new(OfAny(handler)));
    }

    fn as_event<'a>(&self, event: &'a dyn Any) -> &'a dyn AnyEvent {
        match event.downcast_ref::<E>() {
            Some(event) => event,
            None => of_another_type(),
        }
    }
}

impl<E> Drop for InlineHandlers<E> {
    /// What handlers captured may panic in its `Drop`: one by one, so that none takes others along.
    fn drop(&mut self) {
        let mut at = 0;
        while at < self.0.len() {
            let handler = std::mem::replace(&mut self.0[at], Box::new(Dropped));
            panics::drop_caught::<Box<dyn DropObject>>(handler);
            at += 1;
        }
    }
}

/// Stands where a handler was.
struct Dropped;

impl<E> SyncHandler<E> for Dropped {
    fn call(&self, _: &E, _: &Emission<'_>) {}
}

/// A catch-all as a handler of one event.
struct OfAny(AnyBound);

impl<E: AnyEvent> SyncHandler<E> for OfAny {
    fn call(&self, event: &E, emission: &Emission<'_>) {
        self.0.call(event, emission);
    }
}

/// A handler of one event as one of any event.
pub(crate) struct OfEvent<E>(pub(crate) Bound<E>);

impl<E: Received> SyncHandler<dyn AnyEvent> for OfEvent<E> {
    fn call(&self, event: &dyn AnyEvent, emission: &Emission<'_>) {
        self.0.call(E::received(event), emission);
    }
}

/// What a deferred handler takes of an event that comes as an object: the event, or the object.
pub(crate) trait Received: Sync + 'static {
    fn received(event: &dyn AnyEvent) -> &Self;
}

impl<E: Sync + 'static> Received for E {
    fn received(event: &dyn AnyEvent) -> &Self {
        let any: &dyn Any = event;
        match any.downcast_ref() {
            Some(event) => event,
            None => of_another_type(),
        }
    }
}

impl Received for dyn AnyEvent {
    fn received(event: &dyn AnyEvent) -> &Self {
        event
    }
}

#[cold]
fn of_another_type() -> ! {
    unreachable!("a handler is bound to the type of its event")
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
pub(crate) trait AsyncBinding: Send + Sync {
    /// Makes the parameters. The function is called when the future is first polled.
    fn start<'a>(
        &'a self,
        event: &'a dyn AnyEvent,
        delivery: &Delivery<'_>,
    ) -> Result<HandlerFuture<'a>, NotRun>;
}
