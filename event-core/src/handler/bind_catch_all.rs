//! Binds catch-all handlers to their parameters.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::Any;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::engine::emission::Emission;
use crate::engine::emission::delivery::Delivery;
use crate::engine::emission::ending::Ending;
use crate::engine::plan::bound::{
    Call, CatchAll, CatchAllBinding, DeferredBinding, Filter, NotRun, SyncHandler,
};
use crate::event::any::AnyEvent;
use crate::handler::async_slots::AsyncSlots;
use crate::handler::bind::{Function, ParamLookup};
use crate::handler::bind_async::{AsyncHandler, AsyncMethod, BoundAsync, BoundMethod, Conclusion};
use crate::handler::outcome::{CatchAllOutcome, Effects};
use crate::handler::resolver::Resolver;
use crate::handler::retry::RetryCondition;
use crate::handler_info::spec::{ExecutorKind, HandlerSpec};

/// A closure that calls the function of a catch-all.
struct CatchAllFunction<F, R>(Function<F, R, ()>);

impl<F, R: CatchAllOutcome> SyncHandler<dyn AnyEvent> for CatchAllFunction<F, R>
where
    F: Fn(&dyn AnyEvent, &Delivery<'_>) -> Result<R, NotRun> + Send + Sync,
{
    fn call(&self, event: &dyn AnyEvent, emission: &Emission<'_>) {
        let outcome = (self.0.call)(event, &Delivery::new(emission));
        conclude_catch_all(emission, event, outcome);
    }
}

/// Tells the emission how a call of a catch-all ended.
fn conclude_catch_all<R: CatchAllOutcome>(
    emission: &Emission<'_>,
    event: &dyn AnyEvent,
    outcome: Result<R, NotRun>,
) {
    let ending = Ending::new(emission, event);
    match outcome {
        Ok(outcome) => outcome.conclude_catch_all(&mut Effects::new(&ending)),
        Err(not_run) => ending.not_run(not_run),
    }
}

/// Binds one catch-all handler.
pub struct CatchAllBinder<'b, 'r> {
    needs: ParamLookup<'b, 'r>,
    bound: &'b mut Option<CatchAll>,
    spec: &'static HandlerSpec,
    filter: Option<Filter>,
    condition: RetryCondition,
}

impl<'b, 'r> CatchAllBinder<'b, 'r> {
    pub(crate) fn new(
        resolver: &'b mut Resolver<'r>,
        bound: &'b mut Option<CatchAll>,
        spec: &'static HandlerSpec,
    ) -> Self {
        Self {
            needs: ParamLookup {
                resolver,
                catch_all: true,
            },
            bound,
            spec,
            filter: None,
            condition: RetryCondition::default(),
        }
    }

    /// Sets the filter of a handler that does not run inline.
    pub fn filter(&mut self, holds: fn(&dyn AnyEvent) -> bool) {
        self.filter = Some(Arc::new(holds));
    }

    /// Sets which outcomes of an `async fn` are tried again.
    pub fn retry_when<R: 'static>(&mut self, when: fn(&R) -> bool) {
        self.condition.set(when);
    }

    /// Binds the handler to its parameters. Only this bound checks what the handler may return.
    pub fn bind<R: CatchAllOutcome + 'static, F>(&mut self, call: F)
    where
        F: Fn(&dyn AnyEvent, &Delivery<'_>) -> Result<R, NotRun> + Send + Sync + 'static,
    {
        let call = Arc::new(CatchAllFunction(Function::new(call)));
        match self.spec.executor_kind() {
            ExecutorKind::Inline => *self.bound = Some(CatchAll(CatchAllBinding::Inline(call))),
            _ => self.defer(Call::Sync(call)),
        }
    }

    /// Binds a handler that takes a lent `S`.
    pub fn bind_lent<R: CatchAllOutcome + 'static, S: 'static, F>(&mut self, call: F)
    where
        F: Fn(&dyn AnyEvent, &mut S, &Delivery<'_>) -> Result<R, NotRun> + Send + Sync + 'static,
    {
        self.defer(Call::Lent(Arc::new(
            move |event: &dyn AnyEvent, lent: &mut dyn Any, emission: &Emission<'_>| {
                let Some(lent) = lent.downcast_mut::<S>() else {
                    return;
                };
                let outcome = call(event, lent, &Delivery::new(emission));
                conclude_catch_all(emission, event, outcome);
            },
        )));
    }

    /// Binds an `async fn`.
    pub fn bind_async<R, F, S>(&mut self, function: F, slots: S)
    where
        R: CatchAllOutcome + 'static,
        S: AsyncSlots,
        F: for<'a> AsyncHandler<'a, dyn AnyEvent, S, R, Future: Send>,
    {
        let (timeout, when) = (self.spec.timeout, self.condition.take::<R>());
        let conclusion = Conclusion::new(R::conclude_catch_all, when);
        let bound = BoundAsync::<dyn AnyEvent, _, _, _>::new(function, slots, timeout, conclusion);
        self.defer(Call::Async(Arc::new(bound)));
    }

    /// Binds an async method.
    pub fn bind_async_method<R, F, S>(&mut self, function: F, slots: S)
    where
        R: CatchAllOutcome + 'static,
        S: AsyncSlots,
        F: for<'a> AsyncMethod<'a, dyn AnyEvent, S, R, Future: Send>,
    {
        let (timeout, when) = (self.spec.timeout, self.condition.take::<R>());
        let conclusion = Conclusion::new(R::conclude_catch_all, when);
        let bound = BoundAsync::<dyn AnyEvent, _, _, _>::new(function, slots, timeout, conclusion);
        self.defer(Call::Async(Arc::new(BoundMethod(bound))));
    }

    fn defer(&mut self, call: Call) {
        let filter = self.filter.take();
        let binding = CatchAllBinding::Deferred(DeferredBinding {
            filter,
            call,
            port: None,
        });
        *self.bound = Some(CatchAll(binding));
    }
}

impl<'b, 'r> Deref for CatchAllBinder<'b, 'r> {
    type Target = ParamLookup<'b, 'r>;

    fn deref(&self) -> &Self::Target {
        &self.needs
    }
}

impl DerefMut for CatchAllBinder<'_, '_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.needs
    }
}
