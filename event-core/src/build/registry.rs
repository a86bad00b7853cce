//! What the linker collected: every event type and every handler of the program.
//!
//! `#[derive(Event)]` and `#[handler]` each submit one entry to `inventory`. Before `main` each entry is
//! pushed on a linked list; no user code runs, nothing is allocated. The order of that list differs
//! between debug and release, so all code that reads the list sorts it.
//!
//! A crate that the program depends on but never names is not linked, and its entries are missing;
//! `module!` exists so that a program can name the crate.

#![allow(
    missing_debug_implementations,
    reason = "its types are reachable through `__private` alone, which is not public API"
)]

#[cfg(feature = "serde")]
use std::sync::Arc;

use crate::build::module::Module;
#[cfg(feature = "serde")]
use crate::engine::emission::erased::ArrivedEvent;
use crate::engine::plan::handlers::{EventKind, EventType};
use crate::event::Event;
use crate::event::info::EventInfo;
#[cfg(feature = "serde")]
use crate::event::json::read::{DataError, read};
use crate::handler::registered::Registered;

/// One linked handler.
#[derive(Clone, Copy)]
pub struct HandlerEntry(pub &'static dyn Registered);

/// One linked module that is opt-in: a dispatcher has its handlers only if the builder names them.
#[derive(Clone, Copy)]
pub struct OptInModule(pub Module);

/// One linked event type.
#[derive(Clone, Copy)]
pub struct EventEntry {
    pub(crate) info: &'static EventInfo,
    pub(crate) kind: EventKind,
    #[cfg(feature = "serde")]
    pub(crate) read: Read,
}

inventory::collect!(HandlerEntry);
inventory::collect!(EventEntry);
inventory::collect!(OptInModule);

impl EventEntry {
    /// The entry of `E`.
    #[must_use]
    pub const fn of<E: Event>() -> Self {
        Self {
            info: E::INFO,
            kind: EventType::<E>::KIND,
            #[cfg(feature = "serde")]
            read: read_any::<E>,
        }
    }
}

/// Returns every linked handler, in no order.
pub(crate) fn handlers() -> impl Iterator<Item = &'static dyn Registered> {
    inventory::iter::<HandlerEntry>
        .into_iter()
        .map(|entry| entry.0)
}

/// Returns every linked module that is opt-in, in no order.
pub(crate) fn opt_in_modules() -> impl Iterator<Item = &'static Module> {
    inventory::iter::<OptInModule>
        .into_iter()
        .map(|entry| &entry.0)
}

/// Returns every linked event type that is not generic, in no order.
pub(crate) fn events() -> impl Iterator<Item = &'static EventEntry> {
    inventory::iter::<EventEntry>.into_iter()
}

#[cfg(feature = "serde")]
/// Reads data that was written as a version of an event, and upcasts it to the newest; returns `None` if
/// there is no such version.
pub(crate) type Read =
    fn(version: u32, data: &str) -> Option<Result<Arc<dyn ArrivedEvent>, DataError>>;

#[cfg(feature = "serde")]
fn read_any<E: Event>(
    version: u32,
    data: &str,
) -> Option<Result<Arc<dyn ArrivedEvent>, DataError>> {
    let read = read::<E>(version, data)?;
    Some(read.map(|event| Arc::new(event) as Arc<dyn ArrivedEvent>))
}
