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

use crate::engine::plan::handlers::{EventKind, EventType};
use crate::event::Event;
use crate::event::info::EventInfo;
use crate::handler::registered::Registered;

/// One linked handler.
#[derive(Clone, Copy)]
pub struct HandlerEntry(pub &'static dyn Registered);

/// One linked event type.
#[derive(Clone, Copy)]
pub struct EventEntry {
    pub(crate) info: &'static EventInfo,
    pub(crate) kind: EventKind,
    #[cfg(feature = "serde")]
    pub(crate) read: crate::event::json::read::Read,
}

inventory::collect!(HandlerEntry);
inventory::collect!(EventEntry);

impl EventEntry {
    /// The entry of `E`.
    #[must_use]
    pub const fn of<E: Event>() -> Self {
        Self {
            info: E::INFO,
            kind: EventType::<E>::KIND,
            #[cfg(feature = "serde")]
            read: crate::event::json::read::read_any::<E>,
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
