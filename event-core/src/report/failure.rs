//! One failure of an emission.

pub(crate) mod text;

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::box_error::BoxError;
use crate::event::info::EventInfo;
use crate::handler_info::{DeliveryKind, HandlerInfo};
use crate::meta::Meta;
use crate::nesting::scope::{DispatcherId, NestingScope};
use crate::nesting::{NestingError, NestingLimit};
use crate::report::redeliver::{Redeliver, RedeliverError};
use crate::report::snapshot::Snapshot;
use crate::report::status::DeliveryStatus;

/// One failure: the event, the handler, and the cause.
///
/// `Display` shows the event's type, the handler and the cause in one line: the error of the handler with
/// its sources, each once, and nothing of the event's payload.
///
/// A failure keeps how the event is [shown](Self::payload), and, for a `wire` event, how it is written:
/// enough for a dead letter. It keeps the event itself only if its delivery can be
/// [redelivered](Self::redeliver), until it is or the failure is dropped.
pub struct Failure {
    event: &'static EventInfo,
    handler: Option<HandlerInfo>,
    cause: Cause,
    /// The name of the dispatcher, if it has one.
    dispatcher: Option<Arc<str>>,
    /// The event's snapshot, if the event is known.
    pub(crate) snapshot: Option<Arc<Snapshot>>,
    /// The scope of the event.
    pub(crate) scope: NestingScope,
    /// The delivery that has failed, if it can be redelivered.
    pub(crate) redelivery: Option<Arc<dyn Redeliver>>,
}

pub(crate) enum Cause {
    Error(BoxError),
    Panic(Box<str>),
    /// The event's own `Drop` panicked.
    Drop(Box<str>),
    TooDeep {
        limit: u32,
    },
    /// An event from outside has been here before.
    #[cfg(feature = "serde")]
    Echo {
        source: Arc<str>,
    },
    TooMany {
        limit: usize,
        not_emitted: usize,
    },
    Nested(NestingLimit),
    TimedOut(Duration),
    /// A queue, or a handler's limit of concurrency, has no free capacity.
    Full(Arc<dyn Redeliver>),
    /// The dispatcher is closed.
    Closed,
    /// There is no runtime, and was none when the dispatcher was built.
    NoRuntime,
    /// The delivery will not run any more.
    Abandoned {
        queue: Option<&'static str>,
    },
    /// The delivery will not run any more, since the runtime of the dispatcher has ended.
    RuntimeEnded {
        queue: Option<&'static str>,
    },
    /// The root that would have emitted the event was dropped.
    Lost,
    /// The event is durable, and was not emitted in a transaction.
    NoTransaction,
    /// A unit of work was forgotten, with its events.
    Forgotten {
        events: usize,
        is_committed: bool,
    },
    /// An `emit_async` was dropped.
    Cancelled {
        cancelled: usize,
        not_emitted: usize,
    },
}

/// The problem of an ended runtime, and its fix.
pub(crate) const RUNTIME_ENDED: &str = "the tokio runtime that the dispatcher was built in, or was \
    given, has ended: build a dispatcher in each `#[tokio::test]`, since each has a runtime of its \
    own, or give the builder one that lives as long, with `.runtime(handle)`";

impl Cause {
    /// The status of a delivery that fails with this cause; `None` if the failure is about no delivery.
    pub(crate) fn ended(&self) -> Option<DeliveryStatus> {
        match self {
            Self::Error(_) => Some(DeliveryStatus::Failed),
            Self::Panic(_) => Some(DeliveryStatus::Panicked),
            Self::TimedOut(_) => Some(DeliveryStatus::TimedOut),
            Self::Full(_) => Some(DeliveryStatus::Rejected),
            Self::NoRuntime | Self::Abandoned { .. } | Self::RuntimeEnded { .. } => {
                Some(DeliveryStatus::Abandoned)
            }
            #[cfg(feature = "serde")]
            Self::Echo { .. } => None,
            Self::Drop(_)
            | Self::TooDeep { .. }
            | Self::TooMany { .. }
            | Self::Nested(_)
            | Self::Closed
            | Self::Lost
            | Self::NoTransaction
            | Self::Forgotten { .. }
            | Self::Cancelled { .. } => None,
        }
    }
}

impl Failure {
    pub(crate) fn new(
        event: &'static EventInfo,
        handler: Option<HandlerInfo>,
        cause: Cause,
    ) -> Self {
        Self {
            event,
            handler,
            cause,
            dispatcher: None,
            snapshot: None,
            scope: NestingScope::default(),
            redelivery: None,
        }
    }

    /// Adds the name of the dispatcher.
    pub(crate) fn in_dispatcher(self, name: Option<&Arc<str>>) -> Self {
        Self {
            dispatcher: name.cloned(),
            ..self
        }
    }

    /// Adds the event that the failure is about, and its scope.
    pub(crate) fn of(self, snapshot: Arc<Snapshot>, scope: NestingScope) -> Self {
        Self {
            snapshot: Some(snapshot),
            scope,
            ..self
        }
    }

    pub(crate) fn refused(refusal: NestingError) -> Self {
        Self::new(refusal.event, None, Cause::Nested(refusal.limit))
    }

    /// Makes the failure of an event that this failure's hook emitted, and that was refused.
    pub(crate) fn refused_inside(&self, refusal: NestingError) -> Self {
        Self {
            dispatcher: self.dispatcher.clone(),
            scope: self.scope.clone(),
            ..Self::refused(refusal)
        }
    }

    /// Runs code that is told of the failure: an event that it emits is caused by the failed event. The
    /// code does not unwind.
    pub(crate) fn descend<R>(
        &self,
        dispatcher: DispatcherId,
        told: impl FnOnce() -> R,
    ) -> (R, Option<NestingError>) {
        let cause = self.meta().map(Meta::parent);
        self.scope.descend(dispatcher, cause, told)
    }

    /// Returns the name of the dispatcher, if its builder was
    /// [given](crate::dispatcher::DispatcherBuilder::name) one. It is `None` for an emit that a handler
    /// made itself and that was refused because of a limit, in the reports of the emissions around it:
    /// the handler may have used another dispatcher.
    #[must_use]
    pub fn dispatcher(&self) -> Option<&str> {
        self.dispatcher.as_deref()
    }

    /// Returns what is known about the event's type.
    #[must_use]
    pub fn event(&self) -> &'static EventInfo {
        self.event
    }

    /// Returns the event's declared name, or its Rust path.
    #[must_use]
    pub fn event_name(&self) -> &'static str {
        self.event.name()
    }

    /// Returns the meta of the event: its id, its correlation, its causation, and which
    /// [attempt](Meta::attempt) it was. It is the one that handlers and observers see.
    ///
    /// In a dispatcher that does not otherwise need it, the meta is made here, for the event and for
    /// those that it descends from: the ids are then the same in all failures, and the time is that of
    /// the first of these. An event that was not emitted because of a limit has the meta that it would
    /// have had.
    ///
    /// Each failure of a delivery has a meta. It is `None` if the event is not known any more: its own
    /// `Drop` panicked, its `emit_async` was dropped, or code called by a handler emitted it and this is
    /// the failure of the event that the handler handles.
    #[must_use]
    pub fn meta(&self) -> Option<&Meta> {
        self.snapshot.as_ref().map(|snapshot| snapshot.meta())
    }

    /// Returns the event as logs showed it when the failure was made: its redacted fields are masked, and
    /// it is cut after 1,024 bytes. `None` if [`meta`](Self::meta) is `None`.
    #[must_use]
    pub fn payload(&self) -> Option<&str> {
        self.snapshot.as_ref().map(|snapshot| snapshot.payload())
    }

    /// Returns the handler that failed; for an event that was not emitted because of a limit, the handler
    /// that caused it. `None` if no handler is involved: the event's own `Drop` panicked, or code called
    /// by a handler emitted it.
    #[must_use]
    pub fn handler(&self) -> Option<HandlerInfo> {
        self.handler
    }

    /// Returns how the delivery ended; `None` if the failure is not about a delivery but about an event
    /// that was not emitted or whose `Drop` panicked.
    #[must_use]
    pub fn ended(&self) -> Option<DeliveryStatus> {
        match self.cause {
            // The failure of a delivery that a closed dispatcher did not take, or of an event.
            Cause::Closed => self.handler.map(|_| DeliveryStatus::Rejected),
            ref cause => cause.ended(),
        }
    }

    /// Whether the delivery found no free capacity: its queue was full, or its handler at its
    /// `concurrency`. It can then be [redelivered](Self::redeliver).
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self.cause, Cause::Full(_))
    }

    /// Whether the event was not delivered since it has been here before; see
    /// [`Envelope::is_echo`](crate::wire::Envelope::is_echo).
    #[cfg(feature = "serde")]
    #[must_use]
    pub fn is_echo(&self) -> bool {
        matches!(self.cause, Cause::Echo { .. })
    }

    /// Delivers the event again, to the same handler alone: a delivery that found no free capacity, or one
    /// that returned an error, panicked or timed out in an async or queued handler. It waits until there is
    /// capacity, whatever the queue's policy.
    ///
    /// It is a new delivery of the same event, once for each failed one: the handler sees the same
    /// [`Meta`], whose attempt starts again at 1, and has the attempts of its `retry` again. It is counted
    /// like any other, its handler's `filter` is not asked again, and its own failure goes to
    /// [`on_failure`](crate::dispatcher::DispatcherBuilder::on_failure). An async handler without a queue
    /// runs in a task, also where an `emit_async` ran it first. The future owns what it needs: it may be
    /// spawned, also from `on_failure` and from an [`Observer`](crate::observer::Observer). A hook that
    /// redelivers whatever fails never ends if the handler always fails.
    ///
    /// The event of an inline handler is not kept for it: emit the event again. Code that waits with
    /// [`settled`](crate::Dispatcher::settled) waited for the failed delivery, and not for this one.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// #[derive(Default)]
    /// struct MailServer { is_up: AtomicBool }
    ///
    /// #[handler]
    /// async fn send_receipt(_event: &OrderPlaced, server: &MailServer) -> Result<(), &'static str> {
    ///     server.is_up.load(Ordering::Relaxed).then_some(()).ok_or("connection refused")
    /// }
    ///
    /// # #[cfg(feature = "tokio")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # use std::{sync::Arc, time::Duration};
    /// let server = Arc::new(MailServer::default());
    /// let dispatcher = Dispatcher::builder().provide_arc(server.clone()).build()?;
    /// let report = dispatcher.emit_async(OrderPlaced).await;
    /// assert_eq!(report.failed(), 1);
    ///
    /// server.is_up.store(true, Ordering::Relaxed);
    /// report.failures()[0].redeliver().await?; // to `send_receipt` alone
    /// dispatcher.join(Duration::from_secs(10)).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The handler ran inline; the failure is about no delivery, or about one that is tried again, did not
    /// run, panicked in its filter or was the only call of a subscription; the delivery was redelivered
    /// before; its dispatcher is gone, or shuts down.
    ///
    /// # Cancellation
    ///
    /// If the future is dropped before there was free capacity, nothing was redelivered, and it can be
    /// called again.
    pub fn redeliver(&self) -> impl Future<Output = Result<(), RedeliverError>> + Send + use<> {
        let redelivery = self.redelivery().map(Arc::clone);
        async move { redelivery?.redeliver().await }
    }

    /// Redelivers as [`redeliver`](Self::redeliver) does, and blocks the thread. Do not call it on a
    /// consumer thread of the queue, which would wait for itself.
    ///
    /// # Errors
    ///
    /// Those of [`redeliver`](Self::redeliver).
    pub fn redeliver_blocking(&self) -> Result<(), RedeliverError> {
        self.redelivery()?.redeliver_blocking()
    }

    fn redelivery(&self) -> Result<&Arc<dyn Redeliver>, RedeliverError> {
        if let Cause::Full(rejected) = &self.cause {
            return Ok(rejected);
        }
        let is_inline = |handler: HandlerInfo| handler.delivery() == DeliveryKind::Inline;
        let why = if self.is_of_call() && self.handler.is_some_and(is_inline) {
            RedeliverError::Inline
        } else {
            RedeliverError::NotKept
        };
        self.redelivery.as_ref().ok_or(why)
    }

    /// Whether a call of the handler has failed.
    fn is_of_call(&self) -> bool {
        matches!(
            self.cause,
            Cause::Error(_) | Cause::Panic(_) | Cause::TimedOut(_)
        )
    }

    /// Whether the failed delivery is to be kept, and is not.
    pub(crate) fn may_keep(&self) -> bool {
        self.redelivery.is_none() && self.is_of_call()
    }

    /// Returns the error that the handler returned.
    #[must_use]
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        match &self.cause {
            Cause::Error(error) => Some(&**error),
            _ => None,
        }
    }

    /// Returns the text of the panic, if something panicked.
    #[must_use]
    pub fn panic_message(&self) -> Option<&str> {
        match &self.cause {
            Cause::Panic(message) | Cause::Drop(message) => Some(message),
            _ => None,
        }
    }
}
