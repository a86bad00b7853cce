//! Events of a transaction, before they are stored.

use std::borrow::Cow;
use std::panic::Location;
use std::sync::Arc;

use event_core::__private::{HandlerOf, TransactionalEvent};
use event_core::Dispatcher;
use event_core::event::DurableEvent;
use event_core::handler::DeliveryKind;
use uuid::Uuid;

use crate::error::OutboxError;
use crate::shared::Shared;
use crate::store::{Due, NewDelivery, Store};

/// An event that a transaction emits.
pub(crate) struct Emitted {
    pub(crate) event: TransactionalEvent,
    body: Arc<[u8]>,
    key: Option<Arc<str>>,
    pub(crate) due: Due,
    /// Whether the handlers before the commit have seen it.
    pub(crate) is_checked: bool,
}

impl Emitted {
    pub(crate) fn of<S: Store, E: DurableEvent>(
        shared: &Shared<S>,
        event: E,
        due: Due,
        at: &'static Location<'static>,
    ) -> Result<Self, OutboxError> {
        let dispatcher = shared.dispatcher()?;
        let event = TransactionalEvent::new(&dispatcher, event, at)?;
        Self::new(shared, event, due)
    }

    pub(crate) fn new<S: Store>(
        shared: &Shared<S>,
        event: TransactionalEvent,
        due: Due,
    ) -> Result<Self, OutboxError> {
        let written = event.write(&shared.codec)?;
        Ok(Self {
            event,
            body: written.body.into_bytes().into(),
            key: written.key.map(Into::into),
            due,
            is_checked: false,
        })
    }
}

/// What a stored delivery delivers, and to whom.
pub(crate) struct Target {
    pub(crate) event: TransactionalEvent,
    pub(crate) handler: HandlerOf,
    pub(crate) due: Due,
}

impl Target {
    /// Returns the event's id and that of the handler.
    pub(crate) fn key(&self) -> (Uuid, &'static str) {
        let handler = self.handler.info().id().unwrap_or_default();
        (self.event.meta().id(), handler)
    }
}

/// Deliveries to be stored, and the target of each.
type Deliveries = (Vec<NewDelivery>, Vec<Target>);

/// Makes one delivery for each event and durable handler whose filter holds.
pub(crate) fn new_deliveries(
    dispatcher: &Dispatcher,
    events: &[Emitted],
) -> Result<Deliveries, OutboxError> {
    let (mut deliveries, mut targets) = (Vec::new(), Vec::new());
    for emitted in events {
        let info = emitted.event.event().info();
        for handler in emitted.event.handlers(dispatcher, DeliveryKind::Durable)? {
            let target = Target {
                event: emitted.event.clone(),
                handler,
                due: emitted.due,
            };
            let (event_id, handler) = target.key();
            deliveries.push(NewDelivery {
                event_id,
                handler: Cow::Borrowed(handler),
                event: Cow::Borrowed(info.name()),
                version: info.version(),
                // It would hold back what is due before it.
                key: emitted.key.clone().filter(|_| emitted.due == Due::Now),
                body: Arc::clone(&emitted.body),
                due: emitted.due,
            });
            targets.push(target);
        }
    }
    Ok((deliveries, targets))
}
