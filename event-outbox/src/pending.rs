//! What a transaction would deliver.

use std::fmt;

use event_core::__private::TransactionalEvent;
use event_core::Dispatcher;
use event_core::event::DurableEvent;
use event_core::handler::DeliveryKind;

use crate::emitted::Emitted;
use crate::error::OutboxError;

/// What a transaction would deliver if it were committed; returned by [`Tx::pending`](crate::Tx::pending).
///
/// `Debug` shows the events as logs show them, with redacted fields masked, and the ids of the handlers.
///
/// # Examples
///
/// ```standalone_crate
/// # #[cfg(feature = "sqlite")]
/// # mod sample {
/// use event_core::{Dispatcher, Event, handler};
/// use event_outbox::sqlite::Outbox;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// #[event(name = "shop.order_placed", durable)]
/// struct OrderPlaced { order_id: i64 }
///
/// #[handler(durable, id = "mail.send_receipt")]
/// async fn send_receipt(_event: &OrderPlaced) {}
///
/// # #[tokio::main(flavor = "current_thread")]
/// # pub async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let outbox = Outbox::in_memory().await?;
/// let _dispatcher = Dispatcher::builder().outbox(&outbox).build()?;
/// let mut tx = outbox.begin().await?;
/// tx.emit(OrderPlaced { order_id: 7 })?;
///
/// let pending = tx.pending()?;
/// let [(placed, handlers)] = pending.of::<OrderPlaced>()[..] else { panic!("{pending:#?}") };
/// assert_eq!(placed.order_id, 7);
/// assert_eq!(handlers, ["mail.send_receipt"]);
/// tx.rollback().await?; // nothing is stored or handled
/// # Ok(()) }
/// # }
/// # #[cfg(feature = "sqlite")]
/// # sample::main().unwrap();
/// ```
#[derive(Clone)]
pub struct Pending {
    events: Vec<PendingEvent>,
}

#[derive(Clone)]
struct PendingEvent {
    event: TransactionalEvent,
    handlers: Vec<&'static str>,
}

impl Pending {
    pub(crate) fn of_events(
        dispatcher: &Dispatcher,
        events: &[Emitted],
    ) -> Result<Self, OutboxError> {
        let pending = events.iter().map(|emitted| {
            let event = emitted.event.clone();
            let handlers = event.handlers(dispatcher, DeliveryKind::Durable)?;
            let handlers = handlers.iter().filter_map(|handler| handler.info().id());
            Ok(PendingEvent {
                handlers: handlers.collect(),
                event,
            })
        });
        Ok(Self {
            events: pending.collect::<Result<_, OutboxError>>()?,
        })
    }

    /// Returns the events of type `E` in the order in which they were emitted, each with the ids of the durable
    /// handlers that get it.
    #[must_use]
    pub fn of<E: DurableEvent>(&self) -> Vec<(&E, &[&'static str])> {
        let of_type = self.events.iter().filter_map(|pending| {
            let event = pending.event.event().downcast_ref::<E>()?;
            Some((event, &*pending.handlers))
        });
        of_type.collect()
    }

    /// Returns the deliveries that would be stored: the name of the event and the id of the handler of each, in the
    /// order of the events, and for each event in that of its handlers.
    #[must_use]
    pub fn deliveries(&self) -> Vec<(&'static str, &'static str)> {
        let of_event = |pending: &PendingEvent| {
            let name = pending.event.event().name();
            let handlers = pending.handlers.clone();
            handlers.into_iter().map(move |handler| (name, handler))
        };
        self.events.iter().flat_map(of_event).collect()
    }

    /// Whether nothing was emitted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.events).finish()
    }
}

impl fmt::Debug for PendingEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.event.event().name())
            .field("event", &self.event.event())
            .field("handlers", &self.handlers)
            .finish()
    }
}
