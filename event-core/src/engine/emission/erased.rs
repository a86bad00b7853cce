//! Events whose type is erased.

use std::any::Any;
use std::sync::Arc;

use crate::engine::emission::Emission;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::cascade_state::LazyState;
use crate::engine::emission::deferred_event::{DeferredEvent, ErasedDeferredEvent};
use crate::engine::emission::lineage::Lineage;
use crate::engine::plan::handlers::{EventKind, TableEntry};
use crate::engine::state::DispatcherState;
use crate::event::Event;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::report::returned::ReturnedEvent;

/// An event, whatever its type, and the calls of its inline handlers, which alone need the type. Code
/// that is not on the fast path uses this trait, so it is compiled once for all types.
pub(crate) trait InlineEvent: AnyEvent {
    fn kind(&self) -> EventKind;
    /// Runs handlers and subscriptions; returns how many deliveries there were, done or not.
    fn run_subscribed(
        &self,
        inner: &Arc<DispatcherState>,
        entry: &TableEntry,
        state: &LazyState,
        lineage: &Lineage,
    ) -> usize;
    /// Calls the inline handler at `index`.
    fn call_handler(&self, entry: &TableEntry, index: usize, emission: &Emission<'_>);
    /// Calls the inline handlers from the emission's position on.
    fn call_remaining(&self, entry: &TableEntry, emission: &Emission<'_>);
}

impl dyn InlineEvent + '_ {
    pub(crate) fn info(&self) -> &'static EventInfo {
        self.kind().info()
    }
}

/// The event of a root, on the stack of the emitter, until it is shared or dropped.
pub(crate) trait RootEvent {
    fn event(&self) -> &dyn InlineEvent;
    /// The `Option` that the event is in.
    fn as_any_mut(&mut self) -> &mut dyn Any;
    /// The lane of the event, if it has a key; it is hashed by the user's code, which may panic.
    fn lane(&self) -> Option<u64>;
    /// Shares the event with the deliveries that run later.
    fn share(&mut self, with: Sharing) -> Arc<dyn ErasedDeferredEvent>;
    fn needs_drop(&self) -> bool;
    fn drop_event(&mut self);
    fn forget(&mut self);
}

/// How an event is shared.
pub(crate) struct Sharing {
    pub(crate) lineage: Lineage,
    /// The table entry of an event that the dispatcher's table does not have.
    pub(crate) late: Option<Arc<TableEntry>>,
    /// Whether a delivery needs an `Arc` of the event itself.
    pub(crate) as_arc: bool,
}

impl Sharing {
    pub(crate) fn needs_arc(&self) -> bool {
        self.as_arc || self.lineage.trace.is_some()
    }
}

impl<E: Event> RootEvent for Option<E> {
    fn event(&self) -> &dyn InlineEvent {
        match self {
            Some(event) => event,
            None => is_gone(),
        }
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn lane(&self) -> Option<u64> {
        self.as_ref().and_then(Event::lane)
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
    /// Shares the event with the deliveries that run later.
    fn share(self: Box<Self>, with: Sharing) -> Arc<dyn ErasedDeferredEvent>;
    /// Shares the event as one that an outbox emits.
    #[cfg(feature = "serde")]
    fn arrive(self: Box<Self>) -> Arc<dyn ArrivedEvent>;
    /// Hands the event to its handlers.
    fn emit(
        self: Box<Self>,
        inner: &Arc<DispatcherState>,
        cascade: &mut Cascade,
        lineage: Lineage,
    ) -> ReturnedEvent;
}

impl dyn ErasedEvent {
    pub(crate) fn as_any_event(&self) -> &dyn AnyEvent {
        self
    }

    pub(crate) fn info(&self) -> &'static EventInfo {
        self.as_any_event().info()
    }
}

/// An event that came in from outside, or that an outbox emits, whatever its type.
#[cfg(feature = "serde")]
pub(crate) trait ArrivedEvent: InlineEvent {
    /// Shares the event with the deliveries that run later.
    fn share(self: Arc<Self>, with: Sharing) -> Arc<dyn ErasedDeferredEvent>;
}

#[cfg(feature = "serde")]
impl<E: Event> ArrivedEvent for E {
    fn share(self: Arc<Self>, with: Sharing) -> Arc<dyn ErasedDeferredEvent> {
        Arc::new(DeferredEvent::held(self, with))
    }
}
