//! A part of a unit of work that can be taken back alone.

use std::fmt;
use std::sync::Arc;

use crate::dispatcher::pending::PendingEvents;
use crate::dispatcher::unit_of_work::{self, UnitOfWork};
use crate::engine::state::DispatcherState;
use crate::event::{EmitsNow, Event};

impl UnitOfWork {
    /// Begins a savepoint: a part of the unit that can be taken back alone, as a savepoint of its transaction can.
    ///
    /// The events of a [released](Savepoint::released) savepoint are those of the unit. Dropped without that, it is
    /// rolled back: its events are dropped, and counted in [`counts`](crate::Dispatcher::counts).
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::{Dispatcher, Event};
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// #[derive(Event)]
    /// struct GiftAdded;
    ///
    /// # struct Transaction;
    /// # impl Transaction {
    /// #     fn savepoint(&mut self) -> Result<Transaction, &'static str> { Ok(Transaction) }
    /// #     fn insert_gift(&mut self) -> Result<(), &'static str> { Err("no gift is left") }
    /// #     fn release(self) -> Result<(), &'static str> { Ok(()) }
    /// #     fn commit(self) -> Result<(), &'static str> { Ok(()) }
    /// # }
    /// # fn begin() -> Result<Transaction, &'static str> { Ok(Transaction) }
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let report = dispatcher.unit_of_work(|mut work| {
    ///     let mut tx = begin()?;
    ///     work.emit(OrderPlaced);
    ///     let mut gift = work.savepoint();
    ///     let mut nested = tx.savepoint()?;
    ///     gift.emit(GiftAdded);
    ///     match nested.insert_gift() {
    ///         Ok(()) => {
    ///             nested.release()?;
    ///             gift.released();
    ///         }
    ///         Err(_) => gift.rolled_back(), // the order is placed without a gift
    ///     }
    ///     tx.commit()?;
    ///     Ok::<_, &str>(dispatcher.emit(work.committed()))
    /// })?;
    /// assert_eq!(report.events(), 1);
    /// assert_eq!(dispatcher.counts().rolled_back, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn savepoint(&mut self) -> Savepoint<'_> {
        let (inner, events) = self.parts();
        Savepoint::new(inner, events)
    }
}

/// A part of a unit of work that can be taken back alone; see [`UnitOfWork::savepoint`].
///
/// Dropped without [`released`](Self::released), it is rolled back, also by a `?`, a panic, or a future that is
/// dropped.
#[must_use = "dropping it takes its events back: say `.released()` or `.rolled_back()`"]
pub struct Savepoint<'w> {
    inner: &'w Arc<DispatcherState>,
    events: PendingEvents,
    /// The events of the unit, or of the savepoint that this one is in.
    outer: &'w mut PendingEvents,
}

impl<'w> Savepoint<'w> {
    fn new(inner: &'w Arc<DispatcherState>, outer: &'w mut PendingEvents) -> Self {
        Self {
            inner,
            events: PendingEvents::new(),
            outer,
        }
    }
}

impl Savepoint<'_> {
    /// Records an event, to be emitted after the commit, unless the savepoint is taken back.
    #[track_caller]
    pub fn emit<E>(&mut self, event: E)
    where
        E: Event + EmitsNow<E::Durability>,
    {
        self.events.record(event);
    }

    /// Moves the events that a domain object has recorded to the end of this savepoint.
    pub fn append(&mut self, recorded: &mut PendingEvents) {
        self.events.append(recorded);
    }

    /// Begins a savepoint inside of this one.
    pub fn savepoint(&mut self) -> Savepoint<'_> {
        Savepoint::new(self.inner, &mut self.events)
    }

    /// Returns how many events this savepoint has, without those before it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether this savepoint has no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Says that the savepoint is released, which keeps its events for the commit.
    pub fn released(mut self) {
        self.outer.append(&mut self.events);
    }

    /// Says that the transaction was rolled back to the savepoint. Its events are dropped and counted.
    pub fn rolled_back(self) {
        drop(self);
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        if !self.events.is_empty() {
            unit_of_work::roll_back(self.inner, self.events.take(), "a savepoint");
        }
    }
}

impl fmt::Debug for Savepoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Savepoint").field(&self.events).finish()
    }
}
