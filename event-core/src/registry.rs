//! What the linker collected: every event type and every handler of the program.
//!
//! `#[derive(Event)]` and `#[handler]` each submit one entry to `inventory`. Before `main`
//! each entry is pushed on a linked list; no user code runs, nothing is allocated. The order
//! of that list is not an order (it differs between debug and release), so everything that
//! reads it sorts.
//!
//! A crate that the program depends on but never names is not linked, and none of its entries
//! arrive; `module!` exists to name it.

#![allow(
    missing_debug_implementations,
    reason = "its types are reachable through `__private` alone, which is not public API"
)]

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::dispatcher::roster::{ErasedEventType, EventType};
use crate::event::{Event, EventInfo};
use crate::handler::registered::Registered;

/// One linked handler.
#[derive(Clone, Copy)]
pub struct HandlerEntry(pub &'static dyn Registered);

/// One linked event type.
#[derive(Clone, Copy)]
pub struct EventEntry {
    pub(crate) info: &'static EventInfo,
    pub(crate) kind: &'static dyn ErasedEventType,
    #[cfg(feature = "serde")]
    pub(crate) read: crate::wire::read::Read,
}

inventory::collect!(HandlerEntry);
inventory::collect!(EventEntry);

impl EventEntry {
    /// The entry of `E`.
    #[must_use]
    pub const fn of<E: Event>() -> Self {
        Self {
            info: E::INFO,
            kind: const { &EventType::<E>::NEW },
            #[cfg(feature = "serde")]
            read: crate::wire::read::read_any::<E>,
        }
    }
}

/// Every linked handler, in no order.
pub(crate) fn handlers() -> impl Iterator<Item = &'static dyn Registered> {
    inventory::iter::<HandlerEntry>
        .into_iter()
        .map(|entry| entry.0)
}

/// Every linked event type that is not generic, in no order.
pub(crate) fn events() -> impl Iterator<Item = &'static EventEntry> {
    inventory::iter::<EventEntry>.into_iter()
}

/// The dense index of one event type, the same in every dispatcher of the process.
///
/// It lives in the type's own static, so that an emit finds its handlers without hashing.
#[derive(Debug)]
pub struct EventSlot {
    /// One more than the index; 0 until the first dispatcher is built.
    number: AtomicUsize,
}

static LAST_NUMBER: AtomicUsize = AtomicUsize::new(0);

impl EventSlot {
    /// A slot without an index.
    #[must_use]
    #[allow(
        clippy::new_without_default,
        reason = "generated code writes it in a static, where `default` is not const"
    )]
    pub const fn new() -> Self {
        Self {
            number: AtomicUsize::new(0),
        }
    }

    /// The index, which is beyond every table until one was assigned.
    #[inline]
    pub(crate) fn index(&self) -> usize {
        self.number.load(Ordering::Relaxed).wrapping_sub(1)
    }

    /// The index, assigned if there was none. Two threads may both take a number here; the
    /// first to store it wins, and the other's stays unused.
    pub(crate) fn assign(&self) -> usize {
        if self.number.load(Ordering::Relaxed) == 0 {
            let number = LAST_NUMBER.fetch_add(1, Ordering::Relaxed) + 1;
            let _ = self
                .number
                .compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed);
        }
        self.index()
    }
}
