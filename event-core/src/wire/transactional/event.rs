//! Durable events, as an outbox stores them, and their handlers.

#![allow(
    missing_docs,
    missing_debug_implementations,
    clippy::must_use_candidate,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::panic::Location;
use std::sync::Arc;

use crate::dispatcher::Dispatcher;
use crate::engine::arrival::Arrival;
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::erased::ArrivedEvent;
use crate::engine::emission::lineage::Lineage;
use crate::engine::emission::options::RootOptions;
use crate::engine::emit;
use crate::engine::plan::transactional::TransactionalHandler;
use crate::engine::state::DispatcherState;
use crate::event::DurableEvent;
use crate::event::any::AnyEvent;
use crate::event::json::write::WriteFailure;
use crate::handler_info::{DeliveryKind, HandlerInfo};
use crate::meta::Meta;
use crate::panics;
use crate::report::Report;
use crate::report::failure::{Cause, Failure};
use crate::wire::codec::Codec;
use crate::wire::envelope::Envelope;
use crate::wire::error::EncodeError;

/// A durable event that is emitted in a transaction, or that was read from a store.
#[derive(Clone)]
pub struct TransactionalEvent {
    pub(super) event: Arc<dyn ArrivedEvent>,
    pub(super) lineage: Lineage,
}

/// An event as a store keeps it.
pub struct WrittenEvent {
    /// The envelope.
    pub body: String,
    /// The value of the event's key.
    pub key: Option<String>,
}

/// A handler whose deliveries an outbox makes.
#[derive(Clone)]
pub struct HandlerOf(pub(super) Arc<TransactionalHandler>);

impl HandlerOf {
    pub fn info(&self) -> HandlerInfo {
        self.0.handler
    }

    /// Whether it handles an event.
    pub fn handles(&self, event: &TransactionalEvent) -> bool {
        self.0.event.type_id() == event.event.info().type_id()
    }

    /// Whether it takes the transaction as `&mut`.
    pub fn takes_transaction(&self) -> bool {
        self.0.lent().is_some()
    }

    pub fn is_async(&self) -> bool {
        self.0.is_async()
    }
}

/// Returns every durable handler of a dispatcher.
pub fn durable_handlers(dispatcher: &Dispatcher) -> Vec<HandlerOf> {
    let inner = dispatcher.inner();
    let mut handlers = Vec::new();
    for kind in inner.event_kinds() {
        let entry = inner.known(kind);
        let of_event = entry.iter().flat_map(|entry| entry.transactional.iter());
        let durable =
            of_event.filter(|handler| handler.handler.delivery() == DeliveryKind::Durable);
        handlers.extend(durable.cloned().map(HandlerOf));
    }
    handlers
}

/// Runs a task of an outbox on the dispatcher's runtime; drops it if there is none.
pub fn spawn_on(dispatcher: &Dispatcher, task: impl Future<Output = ()> + Send + 'static) {
    if let Some(runtime) = &dispatcher.inner().runtime {
        runtime.spawn(Box::pin(task));
    }
}

/// Whether a dispatcher takes new work.
pub fn is_open(dispatcher: &Dispatcher) -> bool {
    dispatcher.inner().closing.is_open()
}

impl TransactionalEvent {
    /// Gives an event its identity, for the call at `at`.
    ///
    /// # Errors
    ///
    /// The dispatcher is closed, or a limit is exceeded.
    #[allow(clippy::result_large_err, reason = "a refusal is rare")]
    pub fn new<E: DurableEvent>(
        dispatcher: &Dispatcher,
        event: E,
        at: &'static Location<'static>,
    ) -> Result<Self, Failure> {
        Self::of_arrived(dispatcher.inner(), Arc::new(event), at)
    }

    #[allow(clippy::result_large_err, reason = "a refusal is rare")]
    fn of_arrived(
        inner: &Arc<DispatcherState>,
        event: Arc<dyn ArrivedEvent>,
        at: &'static Location<'static>,
    ) -> Result<Self, Failure> {
        let options = RootOptions {
            emitted_at: Some(at),
            ..RootOptions::default()
        };
        match emit::begin(inner, event.info(), &options) {
            Ok(mut lineage) => {
                lineage.meta = Some(inner.meta_of(&lineage, None));
                Ok(Self { event, lineage })
            }
            Err(why) => {
                let mut cascade = Cascade::default();
                cascade.not_emitted(inner, event.as_any_event(), None, &why);
                let failure = cascade.take_last_failure();
                Err(failure.unwrap_or_else(|| Failure::new(event.info(), None, Cause::Closed)))
            }
        }
    }

    /// Makes the event that a store kept.
    pub fn of_envelope(envelope: &Envelope) -> Self {
        let meta = envelope.recorded_meta();
        let lineage = Lineage {
            meta: Some(meta.clone()),
            ..Lineage::at(meta.depth())
        };
        Self {
            event: Arc::clone(envelope.arrived()),
            lineage,
        }
    }

    pub fn event(&self) -> &dyn AnyEvent {
        self.event.as_any_event()
    }

    pub fn meta(&self) -> &Meta {
        match &self.lineage.meta {
            Some(meta) => meta,
            None => unreachable!("each constructor gives it an identity"),
        }
    }

    /// Writes the event for a store.
    ///
    /// # Errors
    ///
    /// As [`Codec::encode`] says.
    pub fn write(&self, codec: &Codec) -> Result<WrittenEvent, EncodeError> {
        let (info, event) = (self.event.info(), info_name(self));
        let written = match panics::catch(|| self.event().data()) {
            Ok(Some(Ok(written))) => written,
            Ok(Some(Err(WriteFailure::Serialize(source)))) => {
                return Err(EncodeError::Serialize {
                    event,
                    version: info.version(),
                    source,
                });
            }
            Ok(Some(Err(WriteFailure::Refused { why, path }))) => {
                return Err(EncodeError::refused(event, info.version(), why, path));
            }
            Ok(None) => return Err(EncodeError::NotWire { event }),
            Err(_) => {
                return Err(EncodeError::Panicked {
                    event,
                    version: info.version(),
                });
            }
        };
        let key = info.key().and(written.key()).map(str::to_owned);
        let body = codec.encode_written(info, &written, self.meta())?;
        Ok(WrittenEvent { body, key })
    }

    /// Returns the event's handlers of one kind whose filters hold, in order. A filter that panics is a
    /// failure, and the event must not be committed without that handler.
    ///
    /// # Errors
    ///
    /// A filter panicked.
    #[allow(clippy::result_large_err, reason = "a panic is rare")]
    pub fn handlers(
        &self,
        dispatcher: &Dispatcher,
        kind: DeliveryKind,
    ) -> Result<Vec<HandlerOf>, Failure> {
        let Some(entry) = dispatcher.inner().known(self.event.kind()) else {
            return Ok(Vec::new());
        };
        let mut handlers = Vec::new();
        for handler in entry.transactional.iter() {
            if handler.handler.delivery() != kind {
                continue;
            }
            let filter = handler.binding.filter.as_ref();
            let holds = || filter.is_none_or(|holds| holds(self.event()));
            let scope = self.lineage.scope();
            match scope
                .enter(dispatcher.inner().id(), || panics::catch(holds))
                .0
            {
                Ok(true) => handlers.push(HandlerOf(Arc::clone(handler))),
                Ok(false) => {}
                Err(panic) => {
                    let info = self.event.info();
                    return Err(Failure::new(
                        info,
                        Some(handler.handler),
                        Cause::Panic(panic),
                    ));
                }
            }
        }
        Ok(handlers)
    }

    /// Emits the event, which was committed, to its handlers that are not durable.
    pub fn emit_committed(&self, dispatcher: &Dispatcher) -> Report {
        let arrival = Arrival {
            meta: self.meta().clone(),
            refused_echo: None,
            returned_by: self.lineage.returned_by.clone(),
        };
        let options = RootOptions {
            values: self.lineage.values.clone(),
            tracker: self.lineage.tracker.clone(),
            emitted_at: self.lineage.emitted_at,
            ..RootOptions::default()
        };
        let event = Arc::clone(&self.event);
        event.deliver(dispatcher.inner(), arrival, &options, WaitPolicy::Never)
    }
}

fn info_name(event: &TransactionalEvent) -> &'static str {
    event.event.info().name()
}
