//! The handlers of one event type in one dispatcher: sorted, bound, and never changed after
//! the build. Runtime subscriptions are beside it; see [`subscriptions`](crate::engine::plan::subscriptions).

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::Any;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use arc_swap::Guard;

use crate::engine::emission::HandlerLookup;
use crate::engine::plan::bound::{
    Bound, Call, DeferredBinding, ErasedInlineHandlers, HandlerList, InlineHandlers,
};
use crate::engine::plan::executor::{
    DeferredHandler, DeferredSubscriptions, ErasedSubscription, Executor, Executors,
};
use crate::engine::plan::subscription::inline::{ErasedInlineSubscription, InlineSubscriptions};
use crate::engine::plan::subscriptions::{SubscriptionSlot, Subscriptions};
use crate::event::Event;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::event::slot::EventSlot;
use crate::handler::registered::{ExecutorKind, Registered};
use crate::handler_info::HandlerInfo;
use crate::panics;

/// How an emit goes about an event; one byte, read without ordering, since it only ever
/// chooses between ways that all give the right result.
pub(crate) mod mode {
    /// Nobody handles it.
    pub(crate) const EMPTY: u8 = 0;
    /// Linked handlers alone: the fast way.
    pub(crate) const PLAIN: u8 = 1;
    /// Subscriptions among the handlers, or alone.
    pub(crate) const SUBSCRIBED: u8 = 2;
    /// Handlers that do not run inline, observers, a stoppable event, or a dispatcher that
    /// closes: each step is looked at.
    pub(crate) const FULL: u8 = 3;
    /// Handlers that run inline or as plain `async fn`s: for `emit_async`, see
    /// [`at_once`](crate::engine::deferred::first_poll). For all others as much as [`FULL`].
    pub(crate) const AT_ONCE: u8 = 4;
    /// Handlers that queues run, without filters, alone; see [`queued`](crate::engine::deferred::queued).
    pub(crate) const QUEUED: u8 = 5;
}

/// One place of a dispatcher's table: the handlers and subscriptions of one event type.
///
/// Only the inline handlers know the type: all else is there once, and is compiled once.
pub(crate) struct TableEntry {
    mode: AtomicU8,
    /// An `InlineHandlers<E>`.
    inline: Box<dyn ErasedInlineHandlers>,
    event: &'static EventInfo,
    /// The handlers that run inline, in order.
    registered: Box<[&'static dyn Registered]>,
    /// The handlers that do not run inline, in order.
    pub(crate) later: DeferredHandlers,
    /// Subscriptions that run inline.
    pub(crate) subscriptions: Subscriptions<dyn ErasedInlineSubscription>,
    /// Subscriptions that do not.
    pub(crate) late_subscriptions: Subscriptions<dyn ErasedSubscription>,
}

/// The handlers of one event that do not run inline, in order.
pub(crate) struct DeferredHandlers(Box<[DeferredHandler]>);

impl TableEntry {
    /// `registered` are the handlers of `list`, inline or not, in order. `watched` says whether each step of
    /// the dispatcher is looked at.
    pub(crate) fn new(
        event: &'static EventInfo,
        list: HandlerList,
        registered: Vec<&'static dyn Registered>,
        places: &mut Executors,
        watched: bool,
    ) -> Self {
        let (inline, later): (Vec<_>, Vec<_>) = registered
            .into_iter()
            .partition(|handler| handler.spec().executor_kind() == ExecutorKind::Inline);
        let place = places.of(&later);
        let seat =
            |((later, handler), place): ((DeferredBinding, &'static dyn Registered), Executor)| {
                DeferredHandler {
                    handler: HandlerInfo::of(handler),
                    priority: handler.spec().priority,
                    place,
                    has_timeout: handler.spec().timeout.is_some(),
                    later,
                }
            };
        let seats = list.later.into_iter().zip(later).zip(place).map(seat);
        let entry = Self {
            mode: AtomicU8::new(mode::FULL),
            inline: list.inline,
            event,
            registered: inline.into(),
            later: DeferredHandlers(seats.collect()),
            subscriptions: Subscriptions::default(),
            late_subscriptions: Subscriptions::default(),
        };
        entry.refresh(watched);
        entry
    }

    #[inline]
    pub(crate) fn mode(&self) -> u8 {
        self.mode.load(Ordering::Relaxed)
    }

    /// Chooses the mode again, after a subscription or an observer came or went.
    pub(crate) fn refresh(&self, watched: bool) {
        self.mode
            .store(self.choose_mode(watched), Ordering::Release);
    }

    /// The handlers that run inline.
    #[inline]
    pub(crate) fn handlers<E: Event>(&self) -> &[Bound<E>] {
        let inline: &dyn Any = &*self.inline;
        let Some(handlers) = inline.downcast_ref::<InlineHandlers<E>>() else {
            unreachable!("the table's index belongs to another event type")
        };
        handlers.as_slice()
    }

    /// Whether there are handlers that run inline.
    pub(crate) fn has_inline(&self) -> bool {
        !self.registered.is_empty()
    }

    /// How many handlers run inline.
    pub(crate) fn inline_len(&self) -> usize {
        self.registered.len()
    }

    /// Whether there are handlers or subscriptions that do not run inline.
    pub(crate) fn has_later(&self) -> bool {
        !self.later.is_empty() || self.late_subscriptions.is_some()
    }

    /// Whether all handlers that do not run inline are `async fn`s without conditions.
    fn runs_at_once(&self) -> bool {
        let is_plain = |seat: &DeferredHandler| {
            let is_free = match &seat.place {
                Executor::Task(place) => place.after.is_empty() && !place.limit.is_named(),
                Executor::Queue(_) => false,
            };
            is_free
                && !seat.has_timeout
                && seat.later.filter.is_none()
                && matches!(seat.later.call, Call::Async(_))
        };
        !self.late_subscriptions.is_some() && self.later.iter().all(is_plain)
    }

    /// Whether all handlers wait in queues, without conditions.
    fn is_queued(&self) -> bool {
        let is_plain = |seat: &DeferredHandler| {
            matches!(seat.place, Executor::Queue(_)) && seat.later.filter.is_none()
        };
        !self.has_inline() && !self.late_subscriptions.is_some() && self.later.iter().all(is_plain)
    }

    /// The subscriptions that run inline, each with its place among the handlers.
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
        let handler = |at: usize| self.registered.get(at);
        let priority = |at| handler(at).map(|handler| handler.spec().priority);
        let typed = |slots: &[SubscriptionSlot<dyn ErasedInlineSubscription>]| {
            Some(slots.first()?.node.typed(slots))
        };
        self.subscriptions.make_list(priority, typed)
    }

    /// The same of those that do not run inline.
    pub(crate) fn late_subscribed(&self) -> Option<DeferredSubscriptions> {
        let list = self.late_subscriptions.load();
        if list.is_none() && self.late_subscriptions.is_some() {
            let priority = |at: usize| self.later.get(at).map(|seat| seat.priority);
            let made = self.late_subscriptions.make_list(priority, |_| None);
            return Guard::into_inner(made);
        }
        Guard::into_inner(list)
    }

    /// The mode, given whether each step of the dispatcher is looked at.
    fn choose_mode(&self, watched: bool) -> u8 {
        let subscribed = self.subscriptions.is_some();
        let nobody = !self.has_inline() && !subscribed;
        if watched || (self.event.is_stoppable() && !nobody) {
            mode::FULL
        } else if self.has_later() {
            if !subscribed && self.runs_at_once() {
                mode::AT_ONCE
            } else if !subscribed && self.is_queued() {
                mode::QUEUED
            } else {
                mode::FULL
            }
        } else if subscribed {
            mode::SUBSCRIBED
        } else if nobody {
            mode::EMPTY
        } else {
            mode::PLAIN
        }
    }
}

impl HandlerLookup for TableEntry {
    fn event(&self) -> &'static EventInfo {
        self.event
    }

    fn handler(&self, position: usize) -> HandlerInfo {
        HandlerInfo::of(self.registered[position])
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
    /// What handlers captured may panic in its `Drop`: one by one, so that none takes others along.
    fn drop(&mut self) {
        let handlers = std::mem::take(&mut self.0);
        handlers.into_iter().for_each(panics::drop_caught);
    }
}

/// What a build needs to know of an event type, behind an object.
pub(crate) trait ErasedEventType: Send + Sync {
    fn info(&self) -> &'static EventInfo;
    fn slot(&self) -> Option<&'static EventSlot>;
    /// A list with room for so many handlers that run inline.
    fn new_list(&self, inline: usize) -> HandlerList;
}

/// An event type, as code that is there once knows it.
pub(crate) type EventKind = &'static dyn ErasedEventType;

/// The [`ErasedEventType`] of `E`.
pub(crate) struct EventType<E>(PhantomData<fn() -> E>);

impl<E> EventType<E> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<E: Event> EventType<E> {
    pub(crate) const KIND: EventKind = &Self::NEW;
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
}
