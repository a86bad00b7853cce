//! The handlers of one event type in one dispatcher: sorted, bound, and never changed after the build.
//! Runtime subscriptions are kept apart; see [`subscriptions`](crate::engine::plan::subscriptions).

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::Any;
use std::marker::PhantomData;
use std::ops::{BitOr as _, Deref};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use arc_swap::Guard;

use crate::engine::emission::HandlerLookup;
use crate::engine::emission::deferred_event::{DeferredEvent, ErasedDeferredEvent};
use crate::engine::plan::bound::{
    Bound, Call, DeferredBinding, ErasedInlineHandlers, HandlerList, InlineHandlers,
};
use crate::engine::plan::executor::{
    DeferredHandler, DeferredSubscriptions, ErasedSubscription, Executor, Executors,
};
use crate::engine::plan::flags;
use crate::engine::plan::planned::PlannedHandler;
use crate::engine::plan::subscription::inline::{ErasedInlineSubscription, InlineSubscriptions};
use crate::engine::plan::subscriptions::{SubscriptionSlot, Subscriptions};
use crate::engine::plan::transactional::TransactionalHandlers;
use crate::event::Event;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::event::slot::EventSlot;
use crate::handler_info::HandlerInfo;
use crate::handler_info::spec::ExecutorKind;
use crate::panics;

/// One entry of a dispatcher's table: the handlers and subscriptions of one event type.
///
/// Only the inline handlers know the type; all other code is compiled once for all types.
pub(crate) struct TableEntry {
    flags: AtomicU8,
    /// An `InlineHandlers<E>`.
    inline: Box<dyn ErasedInlineHandlers>,
    kind: EventKind,
    /// The handlers that run inline, in order.
    planned: Box<[&'static PlannedHandler]>,
    /// The handlers that do not run inline, in order.
    pub(crate) deferred: DeferredHandlers,
    /// The handlers whose deliveries an outbox makes, in order.
    pub(crate) transactional: TransactionalHandlers,
    /// Subscriptions that run inline.
    pub(crate) subscriptions: Subscriptions<dyn ErasedInlineSubscription>,
    /// Subscriptions that do not run inline.
    pub(crate) deferred_subscriptions: Subscriptions<dyn ErasedSubscription>,
}

/// The handlers of one event that do not run inline, in order.
pub(crate) struct DeferredHandlers(Box<[DeferredHandler]>);

impl TableEntry {
    /// Makes the entry of an event. `planned` are the handlers of `list`, inline or not, in order.
    /// `watch` are the flags that all events of the dispatcher have.
    pub(crate) fn new(
        kind: EventKind,
        list: HandlerList,
        planned: Vec<&'static PlannedHandler>,
        executors: &mut Executors,
        watch: u8,
    ) -> Self {
        let (transactional, planned): (Vec<_>, Vec<_>) = planned
            .into_iter()
            .partition(|handler| handler.spec().is_transactional());
        let (inline, deferred): (Vec<_>, Vec<_>) = planned
            .into_iter()
            .partition(|handler| handler.spec().executor_kind() == ExecutorKind::Inline);
        let executor = executors.of(&deferred);
        let handler = |(index, ((binding, handler), mut executor)): (
            u32,
            ((DeferredBinding, &'static PlannedHandler), Executor),
        )| {
            if let Executor::Queue(executor) = &mut executor {
                executor.port = executors.add_port(kind, index, executor, &binding);
            }
            DeferredHandler {
                handler: handler.info(),
                executor,
                has_timeout: handler.spec().timeout.is_some(),
                retry: handler.spec().retry,
                binding,
            }
        };
        let bindings = list.deferred.into_iter().zip(deferred).zip(executor);
        let bindings = (0..).zip(bindings);
        let entry = Self {
            flags: AtomicU8::new(0),
            inline: list.inline,
            kind,
            planned: inline.into(),
            deferred: DeferredHandlers(bindings.map(handler).collect()),
            transactional: TransactionalHandlers::new(
                kind.info(),
                transactional.into_iter(),
                list.transactional,
            ),
            subscriptions: Subscriptions::default(),
            deferred_subscriptions: Subscriptions::default(),
        };
        entry.refresh(watch);
        entry
    }

    #[inline]
    pub(crate) fn flags(&self) -> u8 {
        self.flags.load(Ordering::Relaxed)
    }

    /// Computes the flags again, after a subscription or an observer was added or removed.
    pub(crate) fn refresh(&self, watch: u8) {
        self.flags
            .store(self.compute_flags(watch), Ordering::Release);
    }

    /// Returns the handlers that run inline.
    #[inline]
    pub(crate) fn handlers<E: Event>(&self) -> &[Bound<E>] {
        let inline: &dyn Any = &*self.inline;
        let Some(handlers) = inline.downcast_ref::<InlineHandlers<E>>() else {
            unreachable!("the table's index belongs to another event type")
        };
        handlers.as_slice()
    }

    /// Returns the kind of the event.
    pub(crate) fn kind(&self) -> EventKind {
        self.kind
    }

    /// Returns the handler at an index of those that run inline.
    pub(crate) fn inline_handler(&self, at: usize) -> HandlerInfo {
        self.planned[at].info()
    }

    /// Whether there are handlers that run inline.
    pub(crate) fn has_inline(&self) -> bool {
        !self.planned.is_empty()
    }

    /// Returns how many handlers run inline.
    pub(crate) fn inline_count(&self) -> usize {
        self.planned.len()
    }

    /// Whether the event is shared: with handlers or subscriptions that do not run inline, or with an observer
    /// that keeps events.
    pub(crate) fn shares_event(&self) -> bool {
        !self.deferred.is_empty() || self.deferred_subscriptions.is_some() || self.keeps_event()
    }

    /// Whether an observer keeps the event.
    pub(crate) fn keeps_event(&self) -> bool {
        self.flags() & flags::KEPT != 0
    }

    /// Computes the flags of the handlers that do not run inline.
    fn deferred_flags(&self) -> u8 {
        let of = |handler: &DeferredHandler| match &handler.executor {
            Executor::Queue(_) => match handler.binding.filter {
                None => flags::QUEUED,
                Some(_) => flags::QUEUED | flags::CONDITIONAL,
            },
            Executor::Task(executor) => {
                let is_free = executor.after.is_empty()
                    && !executor.limit.is_named()
                    && !handler.has_timeout
                    && handler.binding.filter.is_none()
                    && matches!(handler.binding.call, Call::Async(_));
                if is_free {
                    flags::ASYNC
                } else {
                    flags::ASYNC | flags::CONDITIONAL
                }
            }
        };
        self.deferred.iter().map(of).fold(0, u8::bitor)
    }

    /// Computes the [flags]. `is_watched` says whether each step of the dispatcher is checked.
    fn compute_flags(&self, watch: u8) -> u8 {
        let flag = |flag: u8, is_set: bool| if is_set { flag } else { 0 };
        let inline = flag(flags::INLINE, self.has_inline())
            | flag(flags::SUBSCRIBED, self.subscriptions.is_some());
        let is_stepwise = self.kind.info().is_stoppable() && inline != 0;
        watch
            | inline
            | self.deferred_flags()
            | flag(
                flags::DEFERRED_SUBSCRIBED,
                self.deferred_subscriptions.is_some(),
            )
            | flag(flags::STEPWISE, is_stepwise)
    }

    /// Returns the subscriptions that run inline, each with its place among the handlers.
    #[inline]
    pub(crate) fn subscribed(&self) -> Guard<Option<Arc<InlineSubscriptions>>> {
        let list = self.subscriptions.load();
        if list.is_none() && self.subscriptions.is_some() {
            return self.make_subscribed();
        }
        list
    }

    #[cold]
    fn make_subscribed(&self) -> Guard<Option<Arc<InlineSubscriptions>>> {
        let handler = |at: usize| self.planned.get(at);
        let priority = |at| handler(at).map(|handler| handler.spec().priority);
        let typed = |slots: &[SubscriptionSlot<dyn ErasedInlineSubscription>]| {
            Some(slots.first()?.node.typed(slots))
        };
        self.subscriptions.make_list(priority, typed)
    }

    /// Returns the subscriptions that run inline, to be kept.
    pub(crate) fn load_subscriptions(&self) -> Option<Arc<InlineSubscriptions>> {
        Guard::into_inner(self.subscribed())
    }

    /// Returns how many subscriptions the event has.
    pub(crate) fn count_subscriptions(&self) -> usize {
        self.subscriptions.count() + self.deferred_subscriptions.count()
    }

    /// Returns the subscriptions that do not run inline, each with its place among the handlers.
    pub(crate) fn load_deferred_subscriptions(&self) -> Option<DeferredSubscriptions> {
        let list = self.deferred_subscriptions.load();
        if list.is_none() && self.deferred_subscriptions.is_some() {
            let handler = |at: usize| self.deferred.get(at);
            let priority = |at| handler(at).map(|handler| handler.handler.priority());
            let made = self.deferred_subscriptions.make_list(priority, |_| None);
            return Guard::into_inner(made);
        }
        Guard::into_inner(list)
    }
}

impl HandlerLookup for TableEntry {
    fn event(&self) -> &'static EventInfo {
        self.kind.info()
    }

    fn handler(&self, position: usize) -> HandlerInfo {
        self.inline_handler(position)
    }

    fn as_event<'a>(&self, event: &'a dyn Any) -> &'a dyn AnyEvent {
        self.inline.as_event(event)
    }
}

impl Deref for DeferredHandlers {
    type Target = [DeferredHandler];

    fn deref(&self) -> &[DeferredHandler] {
        &self.0
    }
}

impl Drop for DeferredHandlers {
    /// The values that handlers captured may panic in their `Drop`. Handlers are dropped one by one, so
    /// that a panic does not prevent the drop of others.
    fn drop(&mut self) {
        let handlers = std::mem::take(&mut self.0);
        handlers.into_iter().for_each(panics::drop_caught);
    }
}

/// The properties of an event type that a build needs, behind an object.
pub(crate) trait ErasedEventType: Send + Sync {
    fn info(&self) -> &'static EventInfo;
    fn slot(&self) -> Option<&'static EventSlot>;
    /// Makes a list with capacity for `inline` handlers that run inline.
    fn new_list(&self, inline: usize) -> HandlerList;
    /// The event of an `Option<E>`, an outermost root, as one that outlives its emission.
    fn defer(&self, event: &mut dyn Any) -> Arc<dyn ErasedDeferredEvent>;
}

/// An event type, for code that is compiled once for all types.
pub(crate) type EventKind = &'static dyn ErasedEventType;

/// The [`ErasedEventType`] of `E`.
pub(crate) struct EventType<E>(PhantomData<fn() -> E>);

impl<E: Event> EventType<E> {
    pub(crate) const KIND: EventKind = &Self(PhantomData);
}

impl<E: Event> ErasedEventType for EventType<E> {
    fn info(&self) -> &'static EventInfo {
        E::INFO
    }

    fn slot(&self) -> Option<&'static EventSlot> {
        E::slot()
    }

    fn new_list(&self, inline: usize) -> HandlerList {
        HandlerList::new(Box::new(InlineHandlers::<E>::with_capacity(inline)))
    }

    fn defer(&self, event: &mut dyn Any) -> Arc<dyn ErasedDeferredEvent> {
        let event = event.downcast_mut::<Option<E>>().and_then(Option::take);
        match event {
            Some(event) => Arc::new(DeferredEvent::root(event)),
            None => unreachable!("it is there, and of this type"),
        }
    }
}
