//! What a recorder returns: an event, and a delivery.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use event_core::handler::HandlerInfo;
use event_core::report::DeliveryStatus;
use event_core::{AnyEvent, Event, Meta};

use crate::recorder::log::{Delivery, DeliveryState, Emission};
use crate::shown::shown;

/// An event that was emitted, with its [`Meta`]. It derefs to the event.
///
/// `Debug` shows the event, with its redacted fields masked.
pub struct RecordedEvent<E> {
    event: Arc<E>,
    meta: Meta,
}

impl<E: Event> RecordedEvent<E> {
    /// Makes the record of an event, if it is an `E`.
    pub(crate) fn of(event: Arc<dyn AnyEvent>, meta: &Meta) -> Option<Self> {
        let event: Arc<dyn Any + Send + Sync> = event;
        Some(Self {
            event: event.downcast().ok()?,
            meta: meta.clone(),
        })
    }

    /// Returns the event.
    #[must_use]
    pub fn event(&self) -> &Arc<E> {
        &self.event
    }

    /// Returns the id, the time and the causes of the event.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }
}

impl<E> Deref for RecordedEvent<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.event
    }
}

impl<E> Clone for RecordedEvent<E> {
    fn clone(&self) -> Self {
        Self {
            event: Arc::clone(&self.event),
            meta: self.meta.clone(),
        }
    }
}

impl<E: Event> fmt::Debug for RecordedEvent<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.event.fmt_masked(f)
    }
}

/// One event for one handler, as a recorder saw it.
#[derive(Clone)]
pub struct RecordedDelivery {
    event: Arc<dyn AnyEvent>,
    delivery: Delivery,
}

impl RecordedDelivery {
    pub(crate) fn all_of(emission: &Emission) -> impl Iterator<Item = Self> {
        emission.deliveries.iter().map(|delivery| Self {
            event: Arc::clone(&emission.event),
            delivery: delivery.clone(),
        })
    }

    /// Returns the event.
    #[must_use]
    pub fn event(&self) -> &dyn AnyEvent {
        &*self.event
    }

    /// Returns the handler or the subscription.
    #[must_use]
    pub fn handler(&self) -> HandlerInfo {
        self.delivery.handler
    }

    /// Returns how the delivery ended; `None` while it runs, or waits for its next attempt.
    #[must_use]
    pub fn status(&self) -> Option<DeliveryStatus> {
        self.delivery.status()
    }

    /// Returns the number of the last attempt, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.delivery.attempt
    }

    /// Returns the text of the error or the panic of the last attempt, if it failed.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.delivery.error()
    }

    /// Returns how long the last attempt ran; `None` if the handler was not called, or has not ended.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        match self.delivery.state {
            DeliveryState::Ended { took, .. } => took,
            DeliveryState::Running | DeliveryState::Waiting { .. } => None,
        }
    }
}

impl fmt::Debug for RecordedDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedDelivery")
            .field("event", &format_args!("{}", shown(self.event())))
            .field("handler", &self.handler())
            .field("status", &self.status())
            .field("attempt", &self.attempt())
            .field("error", &self.error())
            .finish()
    }
}
