//! An event in the future of its async emission, for the async handlers that this future runs.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use crate::engine::emission::deferred_event::{DeferredEvent, ErasedDeferredEvent};
use crate::engine::emission::erased::{InlineEvent, Sharing};
use crate::engine::emission::lineage::Lineage;
use crate::engine::plan::handlers::TableEntry;
use crate::event::Event;
use crate::event::any::AnyEvent;
use crate::nesting;
use crate::panics;
use crate::report::returned::HoldsEvent;

/// The event of an outermost root, which the table has. Its lineage is made when something asks for it.
pub(crate) struct AwaitedEvent<E> {
    /// `None` once it was taken.
    event: Option<E>,
    lineage: OnceLock<Box<Lineage>>,
}

impl<E> AwaitedEvent<E> {
    #[inline]
    pub(crate) fn new(event: E) -> Self {
        Self {
            event: Some(event),
            lineage: OnceLock::new(),
        }
    }

    /// Shares the event after its handlers have ended, for a delivery that has failed.
    #[cold]
    pub(crate) fn share(&mut self) -> Option<Arc<dyn ErasedDeferredEvent>>
    where
        E: Event,
    {
        let event = self.event.take()?;
        let lineage = self.lineage.take();
        let lineage = lineage.map_or_else(|| Lineage::at(0), |lineage| *lineage);
        Some(Arc::new(DeferredEvent::new(
            event,
            Sharing {
                lineage,
                late: None,
                as_arc: false,
            },
        )))
    }

    /// Takes the event, to drop it.
    pub(crate) fn take(&mut self) -> Option<E> {
        self.event.take()
    }

    #[inline]
    fn event(&self) -> &E {
        match &self.event {
            Some(event) => event,
            None => unreachable!("it is taken when its handlers have ended"),
        }
    }
}

impl<E> Drop for AwaitedEvent<E> {
    /// The event of an emission that is dropped before its end. What the event's `Drop` emits is inside of the
    /// event.
    #[inline]
    fn drop(&mut self) {
        if const { std::mem::needs_drop::<E>() }
            && let Some(event) = self.event.take()
        {
            nesting::enter_deeper(0, || panics::drop_caught(event));
        }
    }
}

impl<E: Event> HoldsEvent for AwaitedEvent<E> {
    fn as_any_event(&self) -> &dyn AnyEvent {
        self.event()
    }

    fn share_event(&self) -> Option<Arc<dyn AnyEvent>> {
        None
    }
}

impl<E: Event> ErasedDeferredEvent for AwaitedEvent<E> {
    fn event(&self) -> &dyn InlineEvent {
        self.event()
    }

    fn lineage(&self) -> &Lineage {
        self.lineage
            .get_or_init(|| Box::new(Lineage::at(0).outliving()))
    }

    fn late(&self) -> Option<&Arc<TableEntry>> {
        None
    }

    fn lane(&self) -> Option<u64> {
        self.event().lane()
    }

    fn share(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        None
    }
}
