//! Turns a handler function and its parameters into the closure that a dispatcher calls.
//!
//! `#[handler]` generates the closure that calls the function; everything else is here.
//! Parameters are resolved once, while the dispatcher is built. Every missing one is noted,
//! so that the build error lists them all.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::Any;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::engine::emission::delivery::Delivery;
use crate::engine::emission::{Emission, Ending};
pub(crate) use crate::engine::plan::bound::NotRun;
use crate::engine::plan::bound::{AnyCall, Bound, Call, CatchAll, DeferredBinding, Filter, List};
use crate::engine::plan::spec::{ExecutorKind, HandlerSpec};
use crate::event::any::AnyEvent;
use crate::handler::bind_async::{AsyncHandler, AsyncMethod, AsyncSlots, BoundAsync, BoundMethod};
use crate::handler::outcome::{CatchAllOutcome, Effects, Outcome};
use crate::handler::param::{Dependency, Param};
use crate::handler::resolver::Resolver;
use crate::panics::DropCaught;

/// Ends the delivery as skipped unless the handler's filter holds.
///
/// # Errors
///
/// It does not hold.
#[inline]
pub fn filter<E: ?Sized>(event: &E, holds: fn(&E) -> bool) -> Result<(), NotRun> {
    if holds(event) {
        Ok(())
    } else {
        Err(NotRun::Filtered)
    }
}

/// A by-value parameter, resolved: makes the argument of each delivery.
pub struct BoundParam<P> {
    make: DropCaught<Make<P>>,
}

type Make<P> = Box<dyn Fn(&Delivery<'_>) -> Result<P, NotRun> + Send + Sync>;

impl<P> BoundParam<P> {
    fn new<S: Send + Sync + 'static>(state: S) -> Self
    where
        P: Param<State = S>,
    {
        Self {
            make: DropCaught::new(Box::new(move |delivery| {
                P::param(&state, delivery).map_err(|error| NotRun::Rejected(error.into()))
            })),
        }
    }

    /// The argument for this delivery.
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
    resolver: &'b mut Resolver<'r>,
    catch_all: bool,
}

impl ParamLookup<'_, '_> {
    /// A dependency, from `&T`.
    pub fn dependency<T: Dependency + ?Sized>(&mut self) -> Option<Arc<T>> {
        self.resolver.required()
    }

    /// A dependency that may be missing, from `Option<&T>`.
    #[allow(
        clippy::option_option,
        clippy::unnecessary_wraps,
        reason = "the outer one says whether the parameter was resolved, as for the others"
    )]
    pub fn optional<T: Dependency + ?Sized>(&mut self) -> Option<Option<Arc<T>>> {
        Some(self.resolver.get())
    }

    /// A by-value parameter.
    pub fn param<P: Param>(&mut self) -> Option<BoundParam<P>> {
        if P::EMITS && self.catch_all {
            self.resolver.catch_all_cannot_emit();
            return None;
        }
        P::events(self.resolver.caused());
        let noted = self.resolver.noted();
        let state = P::resolve(self.resolver);
        if state.is_none() && self.resolver.noted() == noted {
            self.resolver.unresolved(std::any::type_name::<P>());
        }
        state.map(BoundParam::new)
    }
}

/// Binds one handler of `E`.
pub struct Binder<'b, 'r, E> {
    needs: ParamLookup<'b, 'r>,
    list: &'b mut List<E>,
    spec: &'static HandlerSpec,
    filter: Option<fn(&E) -> bool>,
}

impl<'b, 'r, E: Send + Sync + 'static> Binder<'b, 'r, E> {
    pub(crate) fn new(
        resolver: &'b mut Resolver<'r>,
        list: &'b mut List<E>,
        spec: &'static HandlerSpec,
    ) -> Self {
        Self {
            needs: ParamLookup {
                resolver,
                catch_all: false,
            },
            list,
            spec,
            filter: None,
        }
    }

    /// The filter of a handler that does not run inline.
    pub fn filter(&mut self, holds: fn(&E) -> bool) {
        self.filter = Some(holds);
    }

    /// The handler, bound to its parameters. What it may return is checked here and nowhere else.
    pub fn bind<R: Outcome<E> + 'static, F>(&mut self, call: F)
    where
        F: Fn(&E, &Delivery<'_>) -> Result<R, NotRun> + Send + Sync + 'static,
    {
        let as_any = self.list.as_any;
        let bound: Bound<E> = Box::new(move |event: &E, emission: &Emission<'_>| {
            match call(event, &Delivery::new(emission)) {
                Ok(outcome) => outcome.conclude(&mut Effects::new(&Ending {
                    emission,
                    event,
                    as_any,
                })),
                Err(not_run) => emission.not_run(as_any(event), not_run),
            }
        });
        R::events(self.needs.resolver.caused());
        match self.spec.executor_kind() {
            ExecutorKind::Inline => self.list.inline.push(bound),
            _ => self.deferred(Call::Sync(bound)),
        }
    }

    /// The same of a handler that is lent an `S`.
    pub fn bind_lent<R: Outcome<E> + 'static, S: 'static, F>(&mut self, call: F)
    where
        F: Fn(&E, &mut S, &Delivery<'_>) -> Result<R, NotRun> + Send + Sync + 'static,
    {
        R::events(self.needs.resolver.caused());
        let as_any = self.list.as_any;
        self.deferred(Call::Lent(Box::new(
            move |event: &E, lent: &mut dyn Any, emission: &Emission<'_>| {
                // The queue lends no other type: `lending_queue` saw to that.
                let Some(lent) = lent.downcast_mut::<S>() else {
                    return;
                };
                match call(event, lent, &Delivery::new(emission)) {
                    Ok(outcome) => outcome.conclude(&mut Effects::new(&Ending {
                        emission,
                        event,
                        as_any,
                    })),
                    Err(not_run) => emission.not_run(as_any(event), not_run),
                }
            },
        )));
    }

    /// The same of an `async fn`.
    pub fn bind_async<R, F, S>(&mut self, function: F, slots: S)
    where
        R: Outcome<E> + 'static,
        S: AsyncSlots,
        F: for<'a> AsyncHandler<'a, E, S, R, Future: Send>,
    {
        R::events(self.needs.resolver.caused());
        self.deferred(Call::Async(Box::new(BoundAsync {
            function,
            slots,
            timeout: self.spec.timeout,
            conclude: R::conclude,
        })));
    }

    /// The same of an async method.
    pub fn bind_async_method<R, F, S>(&mut self, function: F, slots: S)
    where
        R: Outcome<E> + 'static,
        S: AsyncSlots,
        F: for<'a> AsyncMethod<'a, E, S, R, Future: Send>,
    {
        R::events(self.needs.resolver.caused());
        self.deferred(Call::Async(Box::new(BoundMethod(BoundAsync {
            function,
            slots,
            timeout: self.spec.timeout,
            conclude: R::conclude,
        }))));
    }

    fn deferred(&mut self, call: Call<E>) {
        let filter = self.filter.take();
        self.list.deferred.push(DeferredBinding {
            filter: filter.map(|holds| Box::new(holds) as Filter<E>),
            call,
        });
    }
}

impl<'b, 'r, E> Deref for Binder<'b, 'r, E> {
    type Target = ParamLookup<'b, 'r>;

    fn deref(&self) -> &Self::Target {
        &self.needs
    }
}

impl<E> DerefMut for Binder<'_, '_, E> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.needs
    }
}

/// Binds one catch-all handler.
pub struct CatchAllBinder<'b, 'r> {
    needs: ParamLookup<'b, 'r>,
    bound: &'b mut Option<CatchAll>,
    spec: &'static HandlerSpec,
    filter: Option<fn(&dyn AnyEvent) -> bool>,
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
        }
    }

    /// The filter of a handler that does not run inline.
    pub fn filter(&mut self, holds: fn(&dyn AnyEvent) -> bool) {
        self.filter = Some(holds);
    }

    /// The handler, bound to its parameters. What it may return is checked here and nowhere else.
    pub fn bind<R: CatchAllOutcome + 'static, F>(&mut self, call: F)
    where
        F: Fn(&dyn AnyEvent, &Delivery<'_>) -> Result<R, NotRun> + Send + Sync + 'static,
    {
        let call = Arc::new(move |event: &dyn AnyEvent, emission: &Emission<'_>| {
            match call(event, &Delivery::new(emission)) {
                Ok(outcome) => outcome.conclude_catch_all(&mut Effects::new(&Ending {
                    emission,
                    event,
                    as_any: |event| event,
                })),
                Err(not_run) => emission.not_run(event, not_run),
            }
        });
        self.bound(match self.spec.executor_kind() {
            ExecutorKind::Inline => AnyCall::Inline(call),
            _ => AnyCall::Sync(call),
        });
    }

    /// The same of a handler that is lent an `S`.
    pub fn bind_lent<R: CatchAllOutcome + 'static, S: 'static, F>(&mut self, call: F)
    where
        F: Fn(&dyn AnyEvent, &mut S, &Delivery<'_>) -> Result<R, NotRun> + Send + Sync + 'static,
    {
        self.bound(AnyCall::Lent(Arc::new(
            move |event: &dyn AnyEvent, lent: &mut dyn Any, emission: &Emission<'_>| {
                let Some(lent) = lent.downcast_mut::<S>() else {
                    return;
                };
                match call(event, lent, &Delivery::new(emission)) {
                    Ok(outcome) => outcome.conclude_catch_all(&mut Effects::new(&Ending {
                        emission,
                        event,
                        as_any: |event| event,
                    })),
                    Err(not_run) => emission.not_run(event, not_run),
                }
            },
        )));
    }

    /// The same of an `async fn`.
    pub fn bind_async<R, F, S>(&mut self, function: F, slots: S)
    where
        R: CatchAllOutcome + 'static,
        S: AsyncSlots,
        F: for<'a> AsyncHandler<'a, dyn AnyEvent, S, R, Future: Send>,
    {
        self.bound(AnyCall::Async(Arc::new(BoundAsync {
            function,
            slots,
            timeout: self.spec.timeout,
            conclude: R::conclude_catch_all,
        })));
    }

    /// The same of an async method.
    pub fn bind_async_method<R, F, S>(&mut self, function: F, slots: S)
    where
        R: CatchAllOutcome + 'static,
        S: AsyncSlots,
        F: for<'a> AsyncMethod<'a, dyn AnyEvent, S, R, Future: Send>,
    {
        self.bound(AnyCall::Async(Arc::new(BoundMethod(BoundAsync {
            function,
            slots,
            timeout: self.spec.timeout,
            conclude: R::conclude_catch_all,
        }))));
    }

    fn bound(&mut self, call: AnyCall) {
        *self.bound = Some(CatchAll {
            filter: self.filter.take(),
            call,
        });
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
