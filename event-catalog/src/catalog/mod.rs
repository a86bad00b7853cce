//! The data model: everything that the linker knows about a program's events and handlers.

mod causality;
mod event;
mod find;
mod handler;
mod read;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use self::causality::{Causality, Cause};
pub use self::event::{EventEntry, EventId, Field, Variant};
pub use self::find::UnknownEventError;
pub use self::handler::{Delivery, HandlerEntry, Overflow, QueueEntry, Retry};

/// A text of the program, or one that was read from JSON.
pub type Text = Cow<'static, str>;

/// Everything that the linker knows about a program's events and handlers.
///
/// The events are sorted by name and version, and each has its handlers in the order in which a dispatcher
/// with all of them runs them. A catalogue can be written as JSON and read again without a loss.
///
/// # Examples
///
/// ```standalone_crate
/// use event_catalog::Catalog;
/// use event_core::{Event, handler};
///
/// /// A customer placed an order.
/// #[derive(Event)]
/// #[event(name = "shop.order_placed")]
/// struct OrderPlaced { order_id: u64 }
///
/// #[handler(priority = -1)]
/// fn reserve_stock(_event: &OrderPlaced) {}
///
/// let catalog = Catalog::linked();
/// let event = catalog.find("shop.order_placed")?;
/// assert_eq!(event.documentation.as_deref(), Some("A customer placed an order."));
/// assert_eq!(event.fields[0].type_name, "u64");
/// assert_eq!(event.handlers[0].priority, -1);
/// # Ok::<(), event_catalog::UnknownEventError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Catalog {
    /// The events, sorted by name, version and place; those that are superseded by a newer version are
    /// among them.
    pub events: Vec<EventEntry>,
    /// The catch-all handlers that see none of the events.
    pub unmatched: Vec<HandlerEntry>,
}

/// A place in the source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file, as the compiler was given it.
    pub file: Text,
    /// The line, from 1 on.
    pub line: u32,
}

impl Catalog {
    /// Reads what the linker collected.
    ///
    /// Every linked event type and every linked handler is in it. Events that are generic, and those of
    /// handlers that only a dispatcher knows, are there as far as a linked handler handles or causes them.
    /// Whether a dispatcher leaves handlers out is not known, nor are runtime subscriptions. No code of the
    /// user runs.
    #[must_use]
    pub fn linked() -> Self {
        read::linked()
    }

    /// Returns each handler once, in the order of the events that they handle.
    pub fn handlers(&self) -> impl Iterator<Item = &HandlerEntry> {
        let mut seen = HashSet::new();
        let handlers = self.events.iter().flat_map(|event| &event.handlers);
        handlers
            .chain(&self.unmatched)
            .filter(move |handler| seen.insert((&handler.name, &handler.place)))
    }

    /// Returns the events that are emitted: all but those that a newer version supersedes.
    pub fn current(&self) -> impl Iterator<Item = &EventEntry> {
        self.events.iter().filter(|event| !event.is_superseded)
    }

    /// Returns the event with exactly this name and version.
    #[must_use]
    pub fn get(&self, id: &EventId) -> Option<&EventEntry> {
        Some(&self.events[self.position(id)?])
    }

    /// Returns the events with a declared name that another one has, too, of a version that is emitted: for each
    /// such name all of them. No dispatcher can be built with them.
    pub(crate) fn named_twice(&self) -> Vec<Vec<&EventEntry>> {
        let mut named: BTreeMap<&str, Vec<&EventEntry>> = BTreeMap::new();
        for event in self.current().filter(|event| event.is_named) {
            named.entry(&event.name).or_default().push(event);
        }
        let several = named.into_values();
        several.filter(|events| events.len() > 1).collect()
    }

    /// Returns the indices of the events with exactly this name and version; of more than one only if there is a
    /// mistake.
    pub(crate) fn positions(&self, id: &EventId) -> Range<usize> {
        let sought = (&*id.name, id.version);
        let from = self.events.partition_point(|event| key(event) < sought);
        let to = self.events.partition_point(|event| key(event) <= sought);
        from..to
    }

    /// Returns the index of the event with exactly this name and version.
    pub(crate) fn position(&self, id: &EventId) -> Option<usize> {
        let sought = (&*id.name, id.version);
        let at = self.events.partition_point(|event| key(event) < sought);
        (key(self.events.get(at)?) == sought).then_some(at)
    }
}

/// Returns what the events are sorted by.
fn key(event: &EventEntry) -> (&str, u32) {
    (&event.name, event.version)
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
