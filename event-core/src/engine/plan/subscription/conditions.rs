//! What a subscription asks about each event: whether it takes the event, and whether the event is its last.

use crate::engine::plan::bound::Received;
use crate::event::Event;
use crate::event::any::AnyEvent;
use crate::panics;

type Condition<E> = Box<dyn Fn(&E) -> bool + Send + Sync>;

/// The conditions of a subscription to an `E`.
#[allow(missing_debug_implementations, reason = "only a hidden trait names it")]
pub struct Conditions<E: ?Sized> {
    filter: Option<Condition<E>>,
    until: Option<Condition<E>>,
}

impl<E: ?Sized> Conditions<E> {
    /// Whether the subscription takes every event, without an end of its own.
    pub(crate) fn are_none(&self) -> bool {
        self.filter.is_none() && self.until.is_none()
    }

    pub(crate) fn has_filter(&self) -> bool {
        self.filter.is_some()
    }

    pub(crate) fn has_until(&self) -> bool {
        self.until.is_some()
    }

    /// Asks whether the subscription takes the event; this is the user's code, and may panic.
    pub(crate) fn admit(&self, event: &E) -> bool {
        self.filter.as_ref().is_none_or(|holds| holds(event))
    }

    /// Asks whether the event is the last; this is the user's code, and may panic.
    pub(crate) fn end_with(&self, event: &E) -> bool {
        self.until.as_ref().is_some_and(|is_last| is_last(event))
    }
}

impl<E: ?Sized + 'static> Conditions<E> {
    /// Adds a filter; an event must pass all of them.
    pub(crate) fn add_filter(&mut self, filter: impl Fn(&E) -> bool + Send + Sync + 'static) {
        self.filter = Some(match self.filter.take() {
            None => Box::new(filter),
            Some(earlier) => Box::new(move |event| earlier(event) && filter(event)),
        });
    }

    /// Adds an end; the first that holds ends the subscription.
    pub(crate) fn add_until(&mut self, is_last: impl Fn(&E) -> bool + Send + Sync + 'static) {
        self.until = Some(match self.until.take() {
            None => Box::new(is_last),
            Some(earlier) => Box::new(move |event| earlier(event) || is_last(event)),
        });
    }
}

impl<E: Event> Conditions<E> {
    /// Returns the same conditions of an event whose type is erased.
    pub(crate) fn erased(mut self) -> Conditions<dyn AnyEvent> {
        let erase = |condition: Condition<E>| -> Condition<dyn AnyEvent> {
            Box::new(move |event: &dyn AnyEvent| condition(E::received(event)))
        };
        Conditions {
            filter: self.filter.take().map(erase),
            until: self.until.take().map(erase),
        }
    }
}

impl<E: ?Sized> Default for Conditions<E> {
    fn default() -> Self {
        Self {
            filter: None,
            until: None,
        }
    }
}

impl<E: ?Sized> Drop for Conditions<E> {
    /// What the closures captured may panic in its `Drop`, and an emission may be the last owner.
    fn drop(&mut self) {
        panics::drop_caught(self.filter.take());
        panics::drop_caught(self.until.take());
    }
}
