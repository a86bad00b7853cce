//! TODO

use std::sync::Arc;

use crate::engine::deferred::event::{DeferredEvent, ErasedDeferredEvent};
use crate::engine::emission::Emission;
use crate::engine::emission::cascade::LazyState;
use crate::engine::emission::lineage::Lineage;
use crate::engine::inline::call::call_some;
use crate::engine::inline::observed::run_subscribed;
use crate::engine::plan::handlers::{EventKind, EventType, TableEntry};
use crate::engine::state::DispatcherState;
use crate::event::Event;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;

/// An event, whatever its type, and the calls of its inline handlers, which alone need the type. With it, what
/// is not the fast way is there once for all types, and is compiled once.
pub(crate) trait InlineEvent: AnyEvent {
    fn kind(&self) -> EventKind;
    /// See [`run_subscribed`].
    fn run_subscribed(
        &self,
        inner: &Arc<DispatcherState>,
        entry: &TableEntry,
        record: &LazyState,
        origin: &Lineage,
    ) -> usize;
    /// Calls the inline handler at `index`.
    fn call_handler(&self, entry: &TableEntry, index: usize, emission: &Emission<'_>);
    /// Calls the inline handlers from the emission's position on.
    fn call_rest(&self, entry: &TableEntry, emission: &Emission<'_>);
}

impl<E: Event> InlineEvent for E {
    fn kind(&self) -> EventKind {
        EventType::<E>::KIND
    }

    fn run_subscribed(
        &self,
        inner: &Arc<DispatcherState>,
        entry: &TableEntry,
        record: &LazyState,
        origin: &Lineage,
    ) -> usize {
        run_subscribed(inner, entry, self, record, origin)
    }

    fn call_handler(&self, entry: &TableEntry, index: usize, emission: &Emission<'_>) {
        entry.handlers::<E>()[index].call(self, emission);
    }

    fn call_rest(&self, entry: &TableEntry, emission: &Emission<'_>) {
        call_some(
            &entry.handlers::<E>()[emission.position()..],
            self,
            emission,
        );
    }
}

/// The event of a root, on the stack of whoever emits it, until it is shared or dropped.
pub(crate) trait RootEvent {
    fn event(&self) -> &dyn InlineEvent;
    /// Keeps the event for the deliveries that run later.
    fn share(&mut self, with: Sharing) -> Arc<dyn ErasedDeferredEvent>;
    fn needs_drop(&self) -> bool;
    fn drop_event(&mut self);
    fn forget(&mut self);
}

/// How an event is shared.
pub(crate) struct Sharing {
    pub(crate) origin: Lineage,
    /// The place of an event that the dispatcher's table does not have.
    pub(crate) late: Option<Arc<TableEntry>>,
    /// Somebody wants an `Arc` of the event itself.
    pub(crate) as_arc: bool,
}

impl Sharing {
    pub(crate) fn needs_arc(&self) -> bool {
        self.as_arc || self.origin.trace.is_some()
    }
}

impl<E: Event> RootEvent for Option<E> {
    fn event(&self) -> &dyn InlineEvent {
        match self {
            Some(event) => event,
            None => is_gone(),
        }
    }

    fn share(&mut self, with: Sharing) -> Arc<dyn ErasedDeferredEvent> {
        match self.take() {
            Some(event) => Arc::new(DeferredEvent::new(event, with)),
            None => is_gone(),
        }
    }

    fn needs_drop(&self) -> bool {
        std::mem::needs_drop::<E>()
    }

    fn drop_event(&mut self) {
        drop(self.take());
    }

    fn forget(&mut self) {
        std::mem::forget(self.take());
    }
}

#[cold]
fn is_gone() -> ! {
    unreachable!("an event is shared or dropped once")
}

/// An event that waits for its turn, whatever its type.
pub(crate) trait ErasedEvent: InlineEvent {
    /// Keeps the event for the deliveries that run later.
    fn share(self: Box<Self>, with: Sharing) -> Arc<dyn ErasedDeferredEvent>;
}

impl<E: Event> ErasedEvent for E {
    fn share(self: Box<Self>, with: Sharing) -> Arc<dyn ErasedDeferredEvent> {
        Arc::new(DeferredEvent::new(*self, with))
    }
}

impl dyn ErasedEvent {
    pub(crate) fn as_any_event(&self) -> &dyn AnyEvent {
        self
    }

    pub(crate) fn info(&self) -> &'static EventInfo {
        self.as_any_event().info()
    }
}

impl<'e> dyn InlineEvent + 'e {
    pub(crate) fn info(&self) -> &'static EventInfo {
        self.kind().info()
    }
}

/// An event whose turn is over.
pub(crate) enum ReturnedEvent {
    Own(Box<dyn AnyEvent>),
    /// Deliveries that run later hold it, too.
    DeferredEvent(Arc<dyn ErasedDeferredEvent>),
    /// The same, without what it comes from: whoever keeps a report keeps no span open.
    Event(Arc<dyn AnyEvent>),
}

impl ReturnedEvent {
    pub(crate) fn event(&self) -> &dyn AnyEvent {
        match self {
            Self::Own(event) => &**event,
            Self::DeferredEvent(event) => event.as_any_event(),
            Self::Event(event) => &**event,
        }
    }
}
