//! Events that a domain object collects before they are emitted.

use std::fmt;
use std::panic::Location;

use crate::engine::emission::pending_event::PendingEvent;
use crate::event::info::EventInfo;
use crate::event::{EmitsNow, Event};
use crate::{nesting, panics};

/// Events recorded in a domain object, to be emitted together once they are true.
///
/// Dropping the list drops its events, so after a rollback they are not emitted. A
/// [unit of work](crate::Dispatcher::unit_of_work) also counts them, and says so if they were forgotten.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Event, PendingEvents};
///
/// #[derive(Event)]
/// struct ItemAdded;
/// #[derive(Event)]
/// struct OrderPlaced;
///
/// #[derive(Default)]
/// struct Order { pending: PendingEvents }
///
/// impl Order {
///     fn add_item(&mut self) { self.pending.record(ItemAdded); }
///     fn place(&mut self) { self.pending.record(OrderPlaced); }
/// }
///
/// let mut order = Order::default();
/// order.add_item();
/// order.place();
///
/// let dispatcher = Dispatcher::empty().build()?;
/// let report = dispatcher.emit(order.pending.take());
/// assert_eq!(report.events(), 2);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[derive(Default)]
pub struct PendingEvents {
    pub(crate) events: Vec<PendingEvent>,
}

impl PendingEvents {
    /// Makes an empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self { events: Vec::new() }
    }

    /// Records an event.
    #[track_caller]
    pub fn record<E>(&mut self, event: E)
    where
        E: Event + EmitsNow<E::Durability>,
    {
        self.events.push(PendingEvent {
            event: Box::new(event),
            emitted_at: Some(Location::caller()),
        });
    }

    /// Takes the recorded events and leaves the list empty.
    #[must_use = "dropping what was taken drops the facts"]
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// Moves the events of `other` to the end of this list.
    pub fn append(&mut self, other: &mut Self) {
        self.events.append(&mut other.events);
    }

    /// Returns how many events are recorded.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether no event is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Drops the events, each with its panics caught.
    pub(crate) fn discard(self) {
        for PendingEvent { event, .. } in self.events {
            nesting::enter_deeper(0, || panics::drop_caught(event));
        }
    }

    /// The event that stands for all of them in failures: the first, or the list itself if it is empty.
    pub(crate) fn first(&self) -> &'static EventInfo {
        static NONE: EventInfo = EventInfo::new::<PendingEvents>(file!(), line!(), module_path!());
        let first = self.events.first();
        first.map_or(&NONE, |first| first.event.info())
    }
}

impl fmt::Debug for PendingEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.events.iter().map(|it| it.event.info().name()))
            .finish()
    }
}

impl<E> FromIterator<E> for PendingEvents
where
    E: Event + EmitsNow<E::Durability>,
{
    fn from_iter<I: IntoIterator<Item = E>>(events: I) -> Self {
        let mut pending = Self::new();
        pending.extend(events);
        pending
    }
}

impl<E> Extend<E> for PendingEvents
where
    E: Event + EmitsNow<E::Durability>,
{
    fn extend<I: IntoIterator<Item = E>>(&mut self, events: I) {
        // The place of this call is not known: `collect` calls it, too.
        self.events
            .extend(events.into_iter().map(|event| PendingEvent {
                event: Box::new(event),
                emitted_at: None,
            }));
    }
}
