//! Emitting with values that handlers of the event, and of all it causes, can take.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::dispatcher::Dispatcher;
use crate::dispatcher::emit_future::EmitAsync;
use crate::dispatcher::pending::PendingEvents;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::values::Values;
use crate::engine::emit_async::{emit_all_async, emit_async};
use crate::engine::{emit, emit_all};
use crate::event::{EmitsNow, Event};
use crate::handler::param::Dependency;
use crate::panics;
use crate::report::Report;

/// A dispatcher with values that go along with what it emits: from
/// [`Dispatcher::with`](crate::Dispatcher::with). Handlers take them as
/// [`Context<T>`](crate::Context).
#[derive(Clone)]
#[must_use = "it gives the values along with what it emits"]
pub struct With<'d> {
    dispatcher: &'d Dispatcher,
    values: EmitterBuffer,
}

/// What the emitter gives along.
#[derive(Clone)]
struct EmitterBuffer(Option<Arc<Values>>);

impl Drop for EmitterBuffer {
    /// The last owner, if nothing that was emitted is under way.
    fn drop(&mut self) {
        let values = self.0.take();
        panics::release(|| drop(values));
    }
}

impl<'d> With<'d> {
    pub(crate) fn new<T: Dependency>(dispatcher: &'d Dispatcher, value: T) -> Self {
        Self {
            dispatcher,
            values: EmitterBuffer(Some(Arc::new(Values::default().and(value)))),
        }
    }

    /// Gives another value along; it replaces one of the same type.
    pub fn with<T: Dependency>(self, value: T) -> Self {
        let values = self.values.0.as_deref();
        let values = values.map(|values| Arc::new(values.and(value)));
        Self {
            dispatcher: self.dispatcher,
            values: EmitterBuffer(values),
        }
    }

    /// The same as [`Dispatcher::emit`].
    pub fn emit<E>(&self, event: E) -> Report
    where
        E: Event + EmitsNow<E::Durability>,
    {
        let inner = self.dispatcher.inner();
        emit::emit_with(inner, event, Cascade::default(), self.values.0.clone())
    }

    /// The same as [`Dispatcher::emit_async`].
    pub fn emit_async<E>(
        &self,
        event: E,
    ) -> EmitAsync<'d, impl Future<Output = Report> + Send + use<E>>
    where
        E: Event + EmitsNow<E::Durability>,
    {
        let inner = self.dispatcher.inner();
        let future = emit_async(Arc::clone(inner), event, self.values.0.clone());
        EmitAsync::new(inner, E::INFO, future)
    }

    /// The same as [`Dispatcher::emit_all`].
    #[allow(clippy::must_use_candidate, reason = "a report may be ignored")]
    pub fn emit_all(&self, pending: PendingEvents) -> Report {
        let inner = self.dispatcher.inner();
        let values = self.values.0.clone();
        emit_all::emit_all(inner, pending.events, values, false)
    }

    /// The same as [`Dispatcher::emit_all_async`].
    pub fn emit_all_async(
        &self,
        pending: PendingEvents,
    ) -> EmitAsync<'d, impl Future<Output = Report> + Send + use<>> {
        let inner = self.dispatcher.inner();
        let event = pending.first();
        let future = emit_all_async(
            Arc::clone(inner),
            pending.events,
            event,
            self.values.0.clone(),
        );
        EmitAsync::new(inner, event, future)
    }
}

impl fmt::Debug for With<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("With").finish_non_exhaustive()
    }
}
