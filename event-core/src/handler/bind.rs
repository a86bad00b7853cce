//! Binds a handler function to its parameters, as a closure that a dispatcher calls.
//!
//! `#[handler]` generates the closure that calls the function; everything else is here. Parameters are
//! resolved once, while the dispatcher is built. Every missing one is noted, so that the build error
//! lists them all.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::Any;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::engine::emission::Emission;
use crate::engine::emission::delivery::Delivery;
use crate::engine::emission::ending::Ending;
pub(crate) use crate::engine::plan::bound::NotRun;
use crate::engine::plan::bound::{
    AsyncBinding, Bound, Call, DeferredBinding, Filter, InlineHandlers, OfEvent, Received,
    SyncHandler,
};
use crate::engine::plan::port::{BlockingPort, EventPort};
use crate::event::any::AnyEvent;
use crate::handler::async_slots::AsyncSlots;
use crate::handler::bind_async::{AsyncHandler, AsyncMethod, BoundAsync, BoundMethod, Conclusion};
use crate::handler::bind_async_lent::{
    AsyncLentHandler, AsyncLentMethod, BoundLent, BoundLentMethod,
};
use crate::handler::outcome::{Effects, Events, Outcome};
use crate::handler::param::{Dependency, Param};
use crate::handler::resolver::Resolver;
use crate::handler::retry::RetryCondition;
use crate::handler_info::spec::{ExecutorKind, HandlerSpec};
use crate::panics::DropCaught;

/// Ends the delivery as skipped unless the handler's filter accepts the event.
///
/// # Errors
///
/// The filter does not accept the event.
#[inline]
pub fn filter<E: ?Sized>(event: &E, holds: fn(&E) -> bool) -> Result<(), NotRun> {
    if holds(event) {
        Ok(())
    } else {
        Err(NotRun::Filtered)
    }
}

/// A resolved by-value parameter, which makes the argument of each delivery.
pub struct BoundParam<P> {
    make: DropCaught<Make<P>>,
}

type Make<P> = Box<dyn Fn(&Delivery<'_>) -> Result<P, NotRun> + Send + Sync>;

impl<P> BoundParam<P> {
    pub(crate) fn new<S: Send + Sync + 'static>(state: S) -> Self
    where
        P: Param<State = S>,
    {
        Self {
            make: DropCaught::new(Box::new(move |delivery| {
                P::param(&state, delivery).map_err(|error| NotRun::Rejected(error.into()))
            })),
        }
    }

    /// Makes the argument of this delivery.
    ///
    /// # Errors
    ///
    /// The parameter rejected the delivery.
    pub fn make(&self, delivery: &Delivery<'_>) -> Result<P, NotRun> {
        (self.make)(delivery)
    }
}

/// Looks up the parameters of one handler.
pub struct ParamLookup<'b, 'r> {
    pub(crate) resolver: &'b mut Resolver<'r>,
    pub(crate) catch_all: bool,
}

impl ParamLookup<'_, '_> {
    /// Resolves a dependency, from `&T`.
    pub fn dependency<T: Dependency + ?Sized>(&mut self) -> Option<Arc<T>> {
        if self.resolver.describes() {
            return None;
        }
        self.resolver.required()
    }

    /// Resolves a dependency that may be missing, from `Option<&T>`.
    #[allow(
        clippy::option_option,
        reason = "the outer one says whether the parameter was resolved, as for the others"
    )]
    pub fn optional<T: Dependency + ?Sized>(&mut self) -> Option<Option<Arc<T>>> {
        if self.resolver.describes() {
            return None;
        }
        Some(self.resolver.get())
    }

    /// Resolves a by-value parameter.
    pub fn param<P: Param>(&mut self) -> Option<BoundParam<P>> {
        if P::EMITS && self.catch_all {
            self.resolver.catch_all_cannot_emit();
            return None;
        }
        P::events(self.resolver.caused());
        if self.resolver.describes() {
            return None;
        }
        let noted = self.resolver.noted();
        let state = P::resolve(self.resolver);
        if state.is_none() && self.resolver.noted() == noted {
            self.resolver.unresolved(std::any::type_name::<P>());
        }
        state.map(BoundParam::new)
    }
}

/// A closure that calls a handler's function, the function's return type `R`, and what it is returned for.
pub(crate) struct Function<F, R, C> {
    pub(crate) call: F,
    outcome: PhantomData<fn(C) -> R>,
}

impl<F, R, C> Function<F, R, C> {
    pub(crate) fn new(call: F) -> Self {
        Self {
            call,
            outcome: PhantomData,
        }
    }
}

impl<E: 'static, F, C, R: Outcome<C>> SyncHandler<E> for Function<F, R, C>
where
    F: Fn(&E, &Delivery<'_>) -> Result<R, NotRun> + Send + Sync,
{
    fn call(&self, event: &E, emission: &Emission<'_>) {
        let outcome = (self.call)(event, &Delivery::new(emission));
        conclude::<_, C, _>(emission, event, outcome);
    }
}

/// Tells the emission how a call ended. It is compiled once for all handlers of an `E` that return an
/// `R`.
#[inline]
fn conclude<E: 'static, C, R: Outcome<C>>(
    emission: &Emission<'_>,
    event: &E,
    outcome: Result<R, NotRun>,
) {
    let ending = Ending::new(emission, event);
    match outcome {
        Ok(outcome) => outcome.conclude(&mut Effects::new(&ending)),
        Err(not_run) => ending.not_run(not_run),
    }
}

/// Binds one handler of `E`. `C` is what its outcome is returned for: `E`, or [`Transactional<E>`] for a handler
/// whose deliveries an outbox makes.
///
/// [`Transactional<E>`]: crate::handler::outcome::Transactional
pub struct Binder<'b, 'r, E, C = E> {
    needs: ParamLookup<'b, 'r>,
    inline: &'b mut InlineHandlers<E>,
    deferred: &'b mut Vec<DeferredBinding>,
    spec: &'static HandlerSpec,
    filter: Option<Filter>,
    port: Option<Arc<dyn EventPort>>,
    condition: RetryCondition,
    cause: PhantomData<fn(C)>,
}

impl<'b, 'r, E: Send + Sync + 'static, C: 'static> Binder<'b, 'r, E, C> {
    pub(crate) fn new(
        resolver: &'b mut Resolver<'r>,
        inline: &'b mut InlineHandlers<E>,
        deferred: &'b mut Vec<DeferredBinding>,
        spec: &'static HandlerSpec,
    ) -> Self {
        Self {
            needs: ParamLookup {
                resolver,
                catch_all: false,
            },
            inline,
            deferred,
            spec,
            filter: None,
            port: None,
            condition: RetryCondition::default(),
            cause: PhantomData,
        }
    }

    /// Lets the events of a handler that blocks wait in its queue by value.
    pub fn queued(&mut self) {
        self.port = Some(Arc::new(BlockingPort::<E>::new()));
    }

    /// Sets the filter of a handler that does not run inline.
    pub fn filter(&mut self, holds: fn(&E) -> bool) {
        self.filter = Some(Arc::new(move |event| holds(E::received(event))));
    }

    /// Sets which outcomes of an `async fn` are tried again.
    pub fn retry_when<R: 'static>(&mut self, when: fn(&R) -> bool) {
        self.condition.set(when);
    }

    /// Collects the events that the handler can return, where its parameters are not resolved and it is not
    /// bound.
    pub fn returns<R: Outcome<C>>(&mut self) {
        R::events(self.needs.resolver.caused());
    }

    /// Binds the handler to its parameters. What it may return is checked here and nowhere else.
    pub fn bind<R: Outcome<C> + 'static, F>(&mut self, call: F)
    where
        F: Fn(&E, &Delivery<'_>) -> Result<R, NotRun> + Send + Sync + 'static,
    {
        self.push(Box::new(Function::<_, R, C>::new(call)), R::events);
    }

    fn push(&mut self, bound: Bound<E>, events: fn(&mut Events)) {
        events(self.needs.resolver.caused());
        match self.spec.executor_kind() {
            ExecutorKind::Inline => self.inline.push(bound),
            _ => self.defer(Call::Sync(Arc::new(OfEvent(bound)))),
        }
    }

    /// Binds a handler that is lent an `S`.
    pub fn bind_lent<R: Outcome<C> + 'static, S: 'static, F>(&mut self, call: F)
    where
        F: Fn(&E, &mut S, &Delivery<'_>) -> Result<R, NotRun> + Send + Sync + 'static,
    {
        R::events(self.needs.resolver.caused());
        self.defer(Call::Lent(Arc::new(
            move |event: &dyn AnyEvent, lent: &mut dyn Any, emission: &Emission<'_>| {
                // The queue lends no other type: `lending_queue` checks that.
                let Some(lent) = lent.downcast_mut::<S>() else {
                    return;
                };
                let event = E::received(event);
                conclude::<_, C, _>(emission, event, call(event, lent, &Delivery::new(emission)));
            },
        )));
    }

    /// Binds an `async fn`.
    pub fn bind_async<R, F, S>(&mut self, function: F, slots: S)
    where
        R: Outcome<C> + 'static,
        S: AsyncSlots,
        F: for<'a> AsyncHandler<'a, E, S, R, Future: Send>,
    {
        let bound = self.bound_async::<R, _, _>(function, slots);
        self.defer(Call::Async(Arc::new(bound)));
    }

    /// Binds an `async fn` with a queue.
    pub fn bind_async_queued<R, F, S>(&mut self, function: F, slots: S)
    where
        R: Outcome<C> + 'static,
        S: AsyncSlots,
        F: for<'a> AsyncHandler<'a, E, S, R, Future: Send>,
    {
        let bound = self.bound_async::<R, _, _>(function, slots);
        self.defer_queued(bound.has_port(), bound);
    }

    /// Binds an async method.
    pub fn bind_async_method<R, F, S>(&mut self, function: F, slots: S)
    where
        R: Outcome<C> + 'static,
        S: AsyncSlots,
        F: for<'a> AsyncMethod<'a, E, S, R, Future: Send>,
    {
        let bound = self.bound_async::<R, _, _>(function, slots);
        self.defer(Call::Async(Arc::new(BoundMethod(bound))));
    }

    /// Binds an async method with a queue.
    pub fn bind_async_queued_method<R, F, S>(&mut self, function: F, slots: S)
    where
        R: Outcome<C> + 'static,
        S: AsyncSlots,
        F: for<'a> AsyncMethod<'a, E, S, R, Future: Send>,
    {
        let bound = self.bound_async::<R, _, _>(function, slots);
        self.defer_queued(bound.has_port(), BoundMethod(bound));
    }

    /// Binds an `async fn` that a transaction lends itself to.
    pub fn bind_async_lent<R, L, F, S>(&mut self, function: F, slots: S)
    where
        R: Outcome<C> + 'static,
        L: Send + 'static,
        S: AsyncSlots,
        F: for<'a> AsyncLentHandler<'a, E, L, S, R, Future: Send>,
    {
        let bound = BoundLent::<E, L, _, _, R>::new(self.bound_async::<R, _, _>(function, slots));
        self.defer(Call::AsyncLent(Arc::new(bound)));
    }

    /// Binds an async method that a transaction lends itself to.
    pub fn bind_async_lent_method<R, L, F, S>(&mut self, function: F, slots: S)
    where
        R: Outcome<C> + 'static,
        L: Send + 'static,
        S: AsyncSlots,
        F: for<'a> AsyncLentMethod<'a, E, L, S, R, Future: Send>,
    {
        let bound = BoundLent::<E, L, _, _, R>::new(self.bound_async::<R, _, _>(function, slots));
        self.defer(Call::AsyncLent(Arc::new(BoundLentMethod(bound))));
    }

    fn bound_async<R: Outcome<C> + 'static, F, S>(
        &mut self,
        function: F,
        slots: S,
    ) -> BoundAsync<E, F, S, R> {
        R::events(self.needs.resolver.caused());
        let conclusion = Conclusion::new(R::conclude, self.condition.take::<R>());
        BoundAsync::new(function, slots, self.spec.timeout, conclusion)
    }

    /// Defers an async handler with a queue, in which its events may wait by value.
    fn defer_queued(&mut self, has_port: bool, bound: impl AsyncBinding + EventPort + 'static) {
        let bound = Arc::new(bound);
        self.port = has_port.then(|| Arc::clone(&bound) as Arc<dyn EventPort>);
        self.defer(Call::Async(bound));
    }

    fn defer(&mut self, call: Call) {
        self.deferred.push(DeferredBinding {
            filter: self.filter.take(),
            call,
            port: self.port.take(),
        });
    }
}

impl<'b, 'r, E, C> Deref for Binder<'b, 'r, E, C> {
    type Target = ParamLookup<'b, 'r>;

    fn deref(&self) -> &Self::Target {
        &self.needs
    }
}

impl<E, C> DerefMut for Binder<'_, '_, E, C> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.needs
    }
}
