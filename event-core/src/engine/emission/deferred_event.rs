//! An event that outlives the call that emitted it, for deferred deliveries.

use std::any::Any;
use std::sync::Arc;
use std::task::Context;

use crate::engine::emission::Emission;
use crate::engine::emission::delivery::Delivery;
use crate::engine::emission::erased::{InlineEvent, Sharing};
use crate::engine::emission::first_poll::{self, StartedCall};
use crate::engine::emission::lineage::Lineage;
use crate::engine::plan::bound::{Call, DeferredBinding, HandlerFuture, NotRun};
use crate::engine::plan::concurrency::ConcurrencyLimit;
use crate::engine::plan::executor::{DeferredHandler, Executor, SubscriptionClaim};
use crate::engine::plan::handlers::TableEntry;
use crate::engine::plan::transactional::{TransactionalCall, TransactionalHandler};
use crate::engine::state::DispatcherState;
use crate::event::Event;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::nesting;
use crate::panics;
use crate::report::returned::HoldsEvent;
use crate::retry::RetryPolicy;

/// An event with its lineage.
pub(crate) struct DeferredEvent<E> {
    event: EventStorage<E>,
    lineage: Lineage,
    /// The entry of an event that the dispatcher's table does not have.
    late: Option<Arc<TableEntry>>,
}

enum EventStorage<E> {
    Here(E),
    /// An `Arc`, since other code needs an `Arc` of the event.
    Arc(Arc<E>),
    /// The event was dropped with its `DeferredEvent`.
    Gone,
}

/// A handler or a subscription that does not run inline.
#[derive(Clone)]
pub(crate) enum HandlerRef {
    /// The handler at this index among the event's handlers that do not run inline.
    DeferredHandler(u32),
    Subscription(SubscriptionClaim),
    /// A handler whose delivery an outbox makes.
    #[cfg_attr(
        not(feature = "serde"),
        allow(dead_code, reason = "without it no event is durable")
    )]
    Transactional(Arc<TransactionalHandler>),
}

/// A [`DeferredEvent`] of any type.
pub(crate) trait ErasedDeferredEvent: HoldsEvent {
    fn event(&self) -> &dyn InlineEvent;
    fn lineage(&self) -> &Lineage;
    /// The entry of an event that the dispatcher's table does not have.
    fn late(&self) -> Option<&Arc<TableEntry>>;
    /// Returns the lane of the event's key.
    fn lane(&self) -> Option<u64>;
    /// Returns the event as an `Arc<E>`, if it is held as one.
    fn share(&self) -> Option<Arc<dyn Any + Send + Sync>>;
}

impl<E: Event> DeferredEvent<E> {
    pub(crate) fn new(event: E, with: Sharing) -> Self {
        let event = if with.needs_arc() {
            EventStorage::Arc(Arc::new(event))
        } else {
            EventStorage::Here(event)
        };
        Self::with(event, with)
    }

    fn with(event: EventStorage<E>, with: Sharing) -> Self {
        Self {
            event,
            lineage: with.lineage.outliving(),
            late: with.late,
        }
    }

    /// Makes the deferred event of an event that other code holds, too.
    #[cfg(feature = "serde")]
    pub(crate) fn held(event: Arc<E>, with: Sharing) -> Self {
        Self::with(EventStorage::Arc(event), with)
    }

    /// Makes the deferred event of an outermost root, whose event the table has.
    #[inline]
    pub(crate) fn root(event: E) -> Self {
        Self {
            event: EventStorage::Here(event),
            lineage: Lineage::at(0).outliving(),
            late: None,
        }
    }

    #[inline]
    pub(crate) fn event(&self) -> &E {
        match &self.event {
            EventStorage::Here(event) => event,
            EventStorage::Arc(event) => event,
            EventStorage::Gone => unreachable!("what holds it is gone, too"),
        }
    }
}

impl<E> Drop for DeferredEvent<E> {
    /// Drops the event one level deeper than its emission: the user's `Drop` may emit the event again, and
    /// would never end without a deeper level.
    fn drop(&mut self) {
        if !const { std::mem::needs_drop::<E>() } {
            return;
        }
        let event = std::mem::replace(&mut self.event, EventStorage::Gone);
        let drop_event = || panics::catch_payload(|| drop(event));
        if let (Err(payload), _) = nesting::enter_deeper(self.lineage.depth, drop_event) {
            std::panic::resume_unwind(payload);
        }
    }
}

impl<E: Event> HoldsEvent for DeferredEvent<E> {
    fn as_any_event(&self) -> &dyn AnyEvent {
        self.event()
    }

    fn share_event(&self) -> Option<Arc<dyn AnyEvent>> {
        match &self.event {
            EventStorage::Here(_) | EventStorage::Gone => None,
            EventStorage::Arc(event) => Some(Arc::clone(event) as Arc<dyn AnyEvent>),
        }
    }
}

impl<E: Event> ErasedDeferredEvent for DeferredEvent<E> {
    fn event(&self) -> &dyn InlineEvent {
        self.event()
    }

    fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    fn late(&self) -> Option<&Arc<TableEntry>> {
        self.late.as_ref()
    }

    fn lane(&self) -> Option<u64> {
        self.event().lane()
    }

    fn share(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        match &self.event {
            EventStorage::Here(_) | EventStorage::Gone => None,
            EventStorage::Arc(event) => Some(Arc::clone(event) as Arc<dyn Any + Send + Sync>),
        }
    }
}

impl dyn ErasedDeferredEvent + '_ {
    pub(crate) fn info(&self) -> &'static EventInfo {
        self.as_any_event().info()
    }

    /// Returns the table entry of the event in the dispatcher that emitted it.
    pub(crate) fn entry<'a>(&'a self, inner: &'a DispatcherState) -> &'a TableEntry {
        match self.late() {
            Some(entry) => entry,
            None => match inner.known(self.event().kind()) {
                Some(entry) => entry,
                None => unreachable!("an event without a table entry has no handlers"),
            },
        }
    }

    fn deferred<'a>(&'a self, inner: &'a DispatcherState, index: u32) -> &'a DeferredHandler {
        &self.entry(inner).deferred[index as usize]
    }

    /// Returns how many handlers of the event do not run inline.
    pub(crate) fn deferred_count(&self, inner: &DispatcherState) -> usize {
        self.entry(inner).deferred.len()
    }

    pub(crate) fn executor<'a>(&'a self, inner: &'a DispatcherState, index: u32) -> &'a Executor {
        &self.deferred(inner, index).executor
    }

    pub(crate) fn handler(&self, inner: &DispatcherState, target: &HandlerRef) -> HandlerInfo {
        match target {
            HandlerRef::DeferredHandler(index) => self.deferred(inner, *index).handler,
            HandlerRef::Subscription(subscription) => subscription.info(),
            HandlerRef::Transactional(handler) => handler.handler,
        }
    }

    /// Whether a call of an async handler needs the runtime's timers.
    pub(crate) fn needs_timer(&self, inner: &DispatcherState, target: &HandlerRef) -> bool {
        match target {
            HandlerRef::DeferredHandler(index) => self.deferred(inner, *index).has_timeout,
            HandlerRef::Subscription(_) => false,
            HandlerRef::Transactional(handler) => handler.has_timeout,
        }
    }

    /// Returns the limit of a handler that runs as a task.
    pub(crate) fn limit<'a>(
        &'a self,
        inner: &'a DispatcherState,
        target: &HandlerRef,
    ) -> Option<&'a Arc<ConcurrencyLimit>> {
        match target {
            HandlerRef::DeferredHandler(index) => match self.executor(inner, *index) {
                Executor::Task(task) => Some(&task.limit),
                Executor::Queue(_) => None,
            },
            HandlerRef::Subscription(_) | HandlerRef::Transactional(_) => None,
        }
    }

    /// Returns the policy of a handler or a subscription whose deliveries are tried again.
    pub(crate) fn retry<'a>(
        &'a self,
        inner: &'a DispatcherState,
        target: &'a HandlerRef,
    ) -> Option<&'a RetryPolicy> {
        match target {
            HandlerRef::DeferredHandler(index) => self.deferred(inner, *index).retry.as_ref(),
            HandlerRef::Subscription(subscription) => subscription.retry(),
            HandlerRef::Transactional(handler) => handler.retry.as_ref(),
        }
    }

    /// Asks the filter of a handler, which is the user's code and may panic.
    pub(crate) fn admits(&self, inner: &DispatcherState, index: u32) -> bool {
        let filter = self.deferred(inner, index).binding.filter.as_ref();
        filter.is_none_or(|holds| holds(self.as_any_event()))
    }

    /// Calls a handler that is no `async fn`.
    pub(crate) fn call(
        &self,
        target: &HandlerRef,
        emission: &Emission<'_>,
        lent: Option<&mut dyn Any>,
    ) {
        let event = self.as_any_event();
        let Some(binding) = self.binding(emission.inner(), target) else {
            return;
        };
        match (&binding.call, lent) {
            (Call::Sync(handler), _) => handler.call(event, emission),
            (Call::Lent(call), Some(lent)) => call(event, lent, emission),
            // `start` calls an async handler, and a lent one has no executor that lends nothing.
            (Call::Async(_) | Call::AsyncLent(_), _) | (Call::Lent(_), None) => {}
        }
    }

    /// Returns the binding of a handler; `None` for a subscription.
    fn binding<'a>(
        &'a self,
        inner: &'a DispatcherState,
        target: &'a HandlerRef,
    ) -> Option<&'a DeferredBinding> {
        match target {
            HandlerRef::DeferredHandler(index) => Some(&self.deferred(inner, *index).binding),
            HandlerRef::Subscription(_) => None,
            HandlerRef::Transactional(handler) => Some(&handler.binding),
        }
    }

    /// Whether a handler is an `async fn` without a timeout.
    pub(crate) fn is_polled_directly(&self, inner: &DispatcherState, index: u32) -> bool {
        let handler = self.deferred(inner, index);
        matches!(handler.binding.call, Call::Async(_)) && !handler.has_timeout
    }

    /// Polls a directly polled handler for the first time. Returns its call, unless the call is plainly done.
    pub(crate) fn poll_first<'a>(
        &'a self,
        inner: &'a Arc<DispatcherState>,
        index: u32,
        context: &mut Context<'_>,
    ) -> Option<StartedCall<'a>> {
        let (entry, event) = (self.entry(inner), self.as_any_event());
        first_poll::run_one(inner, entry, index as usize, event, self.lineage(), context)
    }

    /// Whether the call of a target is a future.
    pub(crate) fn is_async(&self, inner: &DispatcherState, target: &HandlerRef) -> bool {
        match target {
            HandlerRef::DeferredHandler(index) => {
                matches!(self.deferred(inner, *index).binding.call, Call::Async(_))
            }
            HandlerRef::Subscription(subscription) => subscription.is_async(),
            HandlerRef::Transactional(handler) => handler.is_async(),
        }
    }

    /// Starts a handler that is an `async fn`. Returns `None` for any other handler.
    pub(crate) fn start<'a>(
        &'a self,
        inner: &'a DispatcherState,
        target: &HandlerRef,
        emission: &Emission<'_>,
        transactional: Option<TransactionalCall<'a>>,
    ) -> Option<Result<HandlerFuture<'a>, NotRun>> {
        match target {
            HandlerRef::DeferredHandler(index) => {
                match &self.deferred(inner, *index).binding.call {
                    Call::Async(call) => {
                        Some(call.start(self.as_any_event(), &Delivery::new(emission)))
                    }
                    _ => None,
                }
            }
            HandlerRef::Transactional(_) => {
                let TransactionalCall { handler, lent } = transactional?;
                let (event, delivery) = (self.as_any_event(), Delivery::new(emission));
                match (&handler.binding.call, lent) {
                    (Call::Async(call), _) => Some(call.start(event, &delivery)),
                    (Call::AsyncLent(call), Some(lent)) => Some(call.start(event, lent, &delivery)),
                    _ => None,
                }
            }
            HandlerRef::Subscription(subscription) => {
                subscription.start(self.share(), &Delivery::new(emission))
            }
        }
    }
}
