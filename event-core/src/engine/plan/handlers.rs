//! The handlers of one event type in one dispatcher: sorted, bound, and never changed after
//! the build. Runtime subscriptions are beside it; see [`subscriptions`](crate::engine::plan::subscriptions).

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::Any;
use std::marker::PhantomData;
use std::ops::BitOr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use arc_swap::Guard;

use crate::engine::emission::HandlerLookup;
use crate::engine::plan::bound::{Bound, Call, CatchAll, DeferredBinding, List};
use crate::engine::plan::executor::{
    DeferredHandler, DeferredSubscriptions, ErasedSubscription, Executor, Executors,
};
use crate::engine::plan::flags;
use crate::engine::plan::spec;
use crate::engine::plan::spec::{ExecutorKind, PlannedHandler};
use crate::engine::plan::subscription::inline::InlineSubscription;
use crate::engine::plan::subscriptions::{SubscriptionList, Subscriptions};
use crate::event::Event;
use crate::event::info::EventInfo;
use crate::event::slot::EventSlot;
use crate::handler_info::HandlerInfo;
use crate::panics;

/// One place of a dispatcher's table.
pub(crate) struct TableEntry {
    flags: AtomicU8,
    event_handlers: Box<dyn ErasedHandlers>,
}

/// The handlers and subscriptions of one event type.
pub(crate) struct EventHandlers<E> {
    pub(crate) handlers: Box<[Bound<E>]>,
    registered: Box<[&'static dyn PlannedHandler]>,
    /// The handlers that do not run inline, in order.
    pub(crate) deferred: Box<[DeferredHandler<E>]>,
    /// Subscriptions that run inline.
    pub(crate) subscriptions: Subscriptions<InlineSubscription<E>>,
    /// Subscriptions that do not.
    pub(crate) deferred_subscriptions: Subscriptions<dyn ErasedSubscription>,
}

pub trait ErasedHandlers: Any + Send + Sync {
    /// The [flags], given whether each step of the dispatcher is looked at.
    fn flags(&self, is_watched: bool) -> u8;
}

impl TableEntry {
    pub(crate) fn new(event_handlers: Box<dyn ErasedHandlers>, watched: bool) -> Self {
        Self {
            flags: AtomicU8::new(event_handlers.flags(watched)),
            event_handlers,
        }
    }

    #[inline]
    pub(crate) fn flags(&self) -> u8 {
        self.flags.load(Ordering::Relaxed)
    }

    /// Computes the flags again, after a subscription or an observer came or went.
    pub(crate) fn refresh(&self, watched: bool) {
        self.flags
            .store(self.event_handlers.flags(watched), Ordering::Release);
    }

    #[inline]
    pub(crate) fn event_handlers<E: Event>(&self) -> &EventHandlers<E> {
        let any: &dyn Any = &*self.event_handlers;
        let Some(event_handlers) = any.downcast_ref() else {
            unreachable!("the table's index belongs to another event type")
        };
        event_handlers
    }
}

impl<E: Event> EventHandlers<E> {
    /// `registered` are the handlers of `list`, inline or not, in order.
    fn new(
        list: List<E>,
        registered: Vec<&'static dyn PlannedHandler>,
        executors: &mut Executors,
    ) -> Self {
        let (inline, deferred): (Vec<_>, Vec<_>) = registered
            .into_iter()
            .partition(|handler| handler.spec().executor_kind() == ExecutorKind::Inline);
        let executor = executors.of(&deferred);
        let index = |((deferred, handler), executor): (
            (DeferredBinding<E>, &'static dyn PlannedHandler),
            Executor,
        )| {
            DeferredHandler {
                handler: spec::info(handler),
                priority: handler.spec().priority,
                executor,
                has_timeout: handler.spec().timeout.is_some(),
                binding: deferred,
            }
        };
        let deferred_count = list
            .deferred
            .into_iter()
            .zip(deferred)
            .zip(executor)
            .map(index);
        Self {
            handlers: list.inline.into(),
            registered: inline.into(),
            deferred: deferred_count.collect(),
            subscriptions: Subscriptions::default(),
            deferred_subscriptions: Subscriptions::default(),
        }
    }

    /// Whether there are handlers or subscriptions that do not run inline.
    pub(crate) fn has_deferred(&self) -> bool {
        !self.deferred.is_empty() || self.deferred_subscriptions.is_some()
    }

    /// The flags of the handlers that do not run inline.
    fn deferred_flags(&self) -> u8 {
        let of = |handler: &DeferredHandler<E>| match &handler.executor {
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

    /// The subscriptions that run inline, each with its place among the handlers.
    #[inline]
    pub(crate) fn subscribed(&self) -> Guard<Option<Arc<SubscriptionList<InlineSubscription<E>>>>> {
        let handler = |at| self.registered.get(at);
        self.subscriptions
            .load(|at| handler(at).map(|handler| handler.spec().priority))
    }

    /// The same of those that do not run inline.
    pub(crate) fn load_deferred_subscriptions(&self) -> Option<DeferredSubscriptions> {
        let index = |at| self.deferred.get(at);
        let list = self
            .deferred_subscriptions
            .load(|at| index(at).map(|index| index.priority));
        Guard::into_inner(list)
    }
}

impl<E> Drop for EventHandlers<E> {
    /// What handlers captured may panic in its `Drop`: one by one, so that none takes others along.
    fn drop(&mut self) {
        let handlers = std::mem::take(&mut self.handlers);
        handlers.into_iter().for_each(panics::drop_caught);
        let deferred = std::mem::take(&mut self.deferred);
        deferred.into_iter().for_each(panics::drop_caught);
    }
}

impl<E: Event> ErasedHandlers for EventHandlers<E> {
    fn flags(&self, is_watched: bool) -> u8 {
        let flag = |flag: u8, is_set: bool| if is_set { flag } else { 0 };
        let inline = flag(flags::INLINE, !self.handlers.is_empty())
            | flag(flags::SUBSCRIBED, self.subscriptions.is_some());
        let is_stepwise = is_watched || (E::INFO.is_stoppable() && inline != 0);
        inline
            | self.deferred_flags()
            | flag(
                flags::DEFERRED_SUBSCRIBED,
                self.deferred_subscriptions.is_some(),
            )
            | flag(flags::STEPWISE, is_stepwise)
    }
}

impl<E: Event> HandlerLookup for EventHandlers<E> {
    fn event(&self) -> &'static EventInfo {
        E::INFO
    }

    fn handler(&self, position: usize) -> HandlerInfo {
        spec::info(self.registered[position])
    }
}

/// What a build needs to know of an event type, behind an object.
pub trait ErasedEventType: Send + Sync {
    fn info(&self) -> &'static EventInfo;
    fn slot(&self) -> Option<&'static EventSlot>;
    /// A `List<E>` with room for so many handlers.
    fn new_list(&self, handlers: usize) -> Box<dyn Any>;
    /// Adds a catch-all to such a list.
    fn push_catch_all(&self, list: &mut dyn Any, catch_all: CatchAll);
    /// Makes the table's place of the event.
    fn finish(
        &self,
        list: Box<dyn Any>,
        registered: Vec<&'static dyn PlannedHandler>,
        executors: &mut Executors,
    ) -> Box<dyn ErasedHandlers>;
}

/// The [`ErasedEventType`] of `E`.
pub(crate) struct EventType<E>(PhantomData<fn() -> E>);

impl<E> EventType<E> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<E: Event> ErasedEventType for EventType<E> {
    fn info(&self) -> &'static EventInfo {
        E::INFO
    }

    fn slot(&self) -> Option<&'static EventSlot> {
        E::slot()
    }

    fn new_list(&self, handlers: usize) -> Box<dyn Any> {
        Box::new(List::<E>::with_capacity(handlers))
    }

    fn push_catch_all(&self, list: &mut dyn Any, catch_all: CatchAll) {
        if let Some(list) = list.downcast_mut::<List<E>>() {
            list.push_catch_all(catch_all);
        }
    }

    fn finish(
        &self,
        list: Box<dyn Any>,
        registered: Vec<&'static dyn PlannedHandler>,
        executors: &mut Executors,
    ) -> Box<dyn ErasedHandlers> {
        let list = list
            .downcast::<List<E>>()
            .map_or_else(|_| List::with_capacity(0), |list| *list);
        Box::new(EventHandlers::<E>::new(list, registered, executors))
    }
}
