//! Handlers bound to their parameters, as an emission, a task or a consumer calls them.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::{Any, TypeId};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use crate::box_error::BoxError;
use crate::engine::emission::Emission;
use crate::engine::emission::delivery::Delivery;
use crate::engine::emission::erased::ErasedEvent;
use crate::engine::plan::port::EventPort;
use crate::event::any::AnyEvent;
use crate::handler_info::spec::HandlerSpec;
use crate::panics;

/// A handler that is no `async fn`, with its parameters.
///
/// It is a trait of its own, since the vtable of a closure has two more functions, and each handler has a
/// vtable.
pub(crate) trait SyncHandler<E: ?Sized>: DropObject + Send + Sync {
    fn call(&self, event: &E, emission: &Emission<'_>);
}

/// A value of any type that can only be dropped.
pub(crate) trait DropObject {}

impl<T> DropObject for T {}

/// A handler that runs inline.
pub(crate) type Bound<E> = Box<dyn SyncHandler<E>>;

/// A catch-all handler that is no `async fn`.
type AnyBound = Arc<dyn SyncHandler<dyn AnyEvent>>;

/// A catch-all handler that is lent a value and is no `async fn`.
type Lent = Arc<dyn Fn(&dyn AnyEvent, &mut dyn Any, &Emission<'_>) + Send + Sync>;

pub(crate) type Filter = Arc<dyn Fn(&dyn AnyEvent) -> bool + Send + Sync>;

/// A handler that does not run inline. It takes the event as an object, whatever its type, so that the
/// code between the emission and the call is compiled once.
#[derive(Clone)]
pub(crate) struct DeferredBinding {
    pub(crate) filter: Option<Filter>,
    pub(crate) call: Call,
    /// Takes events that wait by value out of the handler's queue.
    pub(crate) port: Option<Arc<dyn EventPort>>,
}

#[derive(Clone)]
pub(crate) enum Call {
    Sync(AnyBound),
    Lent(Lent),
    Async(Arc<dyn AsyncBinding>),
    AsyncLent(Arc<dyn AsyncLentBinding>),
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
    /// Those whose deliveries an outbox makes.
    pub(crate) transactional: Vec<DeferredBinding>,
}

/// The handlers of an `E` that run inline, in order.
pub(crate) struct InlineHandlers<E>(Vec<Bound<E>>);

/// The inline handlers of an event, whatever its type.
pub(crate) trait ErasedInlineHandlers: Any + Send + Sync {
    fn push_catch_all(&mut self, handler: AnyBound);
    /// Casts an event of this type.
    fn as_event<'a>(&self, event: &'a dyn Any) -> &'a dyn AnyEvent;
}

impl HandlerList {
    pub(crate) fn new(inline: Box<dyn ErasedInlineHandlers>) -> Self {
        Self {
            inline,
            deferred: Vec::new(),
            transactional: Vec::new(),
        }
    }

    /// Returns the inline handlers, and the list of the handlers with this spec if they do not run inline.
    pub(crate) fn split(
        &mut self,
        spec: &HandlerSpec,
    ) -> (&mut dyn Any, &mut Vec<DeferredBinding>) {
        let deferred = if spec.is_transactional() {
            &mut self.transactional
        } else {
            &mut self.deferred
        };
        (&mut *self.inline, deferred)
    }

    /// Leaves out the ports, so that each delivery waits in its queue as an item.
    pub(crate) fn without_ports(mut self) -> Self {
        self.deferred.iter_mut().for_each(|it| it.port = None);
        self
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
    /// The values that handlers captured may panic in their `Drop`. Handlers are dropped one by one, so
    /// that a panic does not prevent the drop of others.
    fn drop(&mut self) {
        let mut at = 0;
        while at < self.0.len() {
            let handler = std::mem::replace(&mut self.0[at], Box::new(Dropped));
            panics::drop_caught::<Box<dyn DropObject>>(handler);
            at += 1;
        }
    }
}

/// A placeholder for a handler that was dropped.
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

/// A handler of one event as a handler of any event.
pub(crate) struct OfEvent<E>(pub(crate) Bound<E>);

impl<E: Received> SyncHandler<dyn AnyEvent> for OfEvent<E> {
    fn call(&self, event: &dyn AnyEvent, emission: &Emission<'_>) {
        self.0.call(E::received(event), emission);
    }
}

/// The type that a deferred handler takes an event as: the event's own type, or the object.
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

/// Receives the effects of a delivery.
pub(crate) trait EffectSink {
    fn cause(&self, event: Box<dyn ErasedEvent>);
    fn fail(&self, error: BoxError);
    fn stop(&self);
}

/// Why a handler was not called.
pub enum NotRun {
    Filtered,
    /// An earlier handler failed, and the first failure ends the emission.
    EarlierFailure,
    /// The target of a weak subscription ended.
    Cancelled,
    Rejected(BoxError),
}

/// A running call of an async handler.
pub(crate) type HandlerFuture<'a> = Pin<Box<dyn Future<Output = HandlerResult> + Send + 'a>>;

/// The result of such a call.
pub(crate) enum HandlerResult {
    /// The call is done and had no effects.
    Done,
    Effects(Box<CollectedEffects>),
}

/// The effects of an outcome, until the emission adds them.
#[derive(Default)]
pub(crate) struct CollectedEffects {
    pub(crate) caused: Vec<Box<dyn ErasedEvent>>,
    pub(crate) errors: Vec<BoxError>,
    /// The delivery is not tried again, whatever its errors.
    pub(crate) is_permanent: bool,
    /// The call took longer than this limit, and was dropped.
    pub(crate) timed_out: Option<Duration>,
}

/// An async handler with its parameters.
pub(crate) trait AsyncBinding: Send + Sync {
    /// Makes the parameters and the future. The handler's function is called when the future is first
    /// polled.
    fn start<'a>(
        &'a self,
        event: &'a dyn AnyEvent,
        delivery: &Delivery<'_>,
    ) -> Result<HandlerFuture<'a>, NotRun>;

    /// Calls the handler and polls it once, where the type of its future is known. Does not start a handler
    /// with a timeout, or with parameters that are made for each delivery.
    fn poll_first<'a>(
        &'a self,
        event: &'a dyn AnyEvent,
        context: &mut Context<'_>,
    ) -> FirstStep<'a>;
}

/// An async handler with its parameters, which is lent a value.
pub(crate) trait AsyncLentBinding: Send + Sync {
    /// Returns the type of the value, and its name.
    fn lent(&self) -> (TypeId, &'static str);

    /// Makes the parameters and the future, which borrows the lent value.
    fn start<'a>(
        &'a self,
        event: &'a dyn AnyEvent,
        lent: &'a mut (dyn Any + Send),
        delivery: &Delivery<'_>,
    ) -> Result<HandlerFuture<'a>, NotRun>;
}

/// How far a call got at its first poll.
pub(crate) enum FirstStep<'a> {
    Done,
    Pends(HandlerFuture<'a>),
    /// It ended, and is more than done.
    Ended(HandlerResult),
    /// It was not started.
    PerDelivery,
}
