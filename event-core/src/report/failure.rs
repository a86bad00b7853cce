//! One thing that went wrong.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::{Ended, Undelivered};
use crate::dispatcher::depth::{Limit, Refusal};
use crate::error::{BoxError, RedeliverError};
use crate::event::EventInfo;
use crate::handler::HandlerInfo;

/// One thing that went wrong: which event, which handler, and how.
///
/// `Display` says all three in a line, without the event's payload.
pub struct Failure {
    event: &'static EventInfo,
    handler: Option<HandlerInfo>,
    cause: Cause,
}

pub(crate) enum Cause {
    Error(BoxError),
    Panic(Box<str>),
    /// The event's own `Drop` panicked.
    Drop(Box<str>),
    TooDeep {
        limit: u32,
    },
    /// An event from outside that has been here before.
    #[cfg(feature = "serde")]
    Echo {
        source: Arc<str>,
    },
    TooMany {
        limit: usize,
        not_emitted: usize,
    },
    Nested(Limit),
    TimedOut(Duration),
    /// No room in a queue, or among the tasks of a handler.
    Full(Arc<Undelivered>),
    /// The dispatcher is closed.
    Closed,
    /// There is no runtime, and was none when the dispatcher was built.
    NoRuntime,
    /// Nobody runs it any more.
    Abandoned {
        queue: Option<&'static str>,
    },
    /// Whoever would have emitted the event is no more.
    Lost,
    /// An `emit_async` was dropped.
    Cancelled {
        cancelled: usize,
        not_emitted: usize,
    },
}

impl Cause {
    /// How a delivery ends that fails because of it; `None` where it is not about a delivery.
    pub(crate) fn ended(&self) -> Option<Ended> {
        match self {
            Self::Error(_) => Some(Ended::Failed),
            Self::Panic(_) => Some(Ended::Panicked),
            Self::TimedOut(_) => Some(Ended::TimedOut),
            Self::Full(_) => Some(Ended::Rejected),
            Self::NoRuntime | Self::Abandoned { .. } => Some(Ended::Abandoned),
            #[cfg(feature = "serde")]
            Self::Echo { .. } => None,
            Self::Drop(_)
            | Self::TooDeep { .. }
            | Self::TooMany { .. }
            | Self::Nested(_)
            | Self::Closed
            | Self::Lost
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
        }
    }

    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self::new(refusal.event, None, Cause::Nested(refusal.limit))
    }

    /// What is known about the event's type.
    #[must_use]
    pub fn event(&self) -> &'static EventInfo {
        self.event
    }

    /// The event's declared name, or its Rust path.
    #[must_use]
    pub fn event_name(&self) -> &'static str {
        self.event.name()
    }

    /// The handler that failed; of an event that was not emitted because of a limit, the
    /// handler that caused it. `None` where no handler is involved: the event's own `Drop`
    /// panicked, or code called by a handler emitted it.
    #[must_use]
    pub fn handler(&self) -> Option<HandlerInfo> {
        self.handler
    }

    /// How the delivery ended; `None` where this is not about a delivery but about an event
    /// that was not emitted or whose `Drop` panicked.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        match self.cause {
            // Of a delivery that a closed dispatcher did not take, or of an event.
            Cause::Closed => self.handler.map(|_| Ended::Rejected),
            ref cause => cause.ended(),
        }
    }

    /// Whether the delivery found no room: its queue was full, or its handler at its
    /// `concurrency`. Then it can be [redelivered](Self::redeliver).
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

    /// Offers a delivery that found no room again, to the same handler alone, and waits until there
    /// is some, whatever the queue's policy. It is a new delivery of the same event. The future owns what
    /// it needs: it may be spawned, also from [`on_failure`](crate::DispatcherBuilder::on_failure).
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::queue::{Overflow, Queue};
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// static MAIL: Queue = Queue::new("mail").capacity(1).overflow(Overflow::Reject);
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// #[handler(queue = MAIL)]
    /// fn send_receipt(_event: &OrderPlaced) {}
    ///
    /// # #[cfg(feature = "tokio")]
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dispatcher = Dispatcher::builder().build()?;
    /// dispatcher.queue(&MAIL).pause();
    /// dispatcher.emit(OrderPlaced);
    /// let report = dispatcher.emit(OrderPlaced); // one waits already
    /// assert_eq!(report.rejected(), 1);
    ///
    /// dispatcher.queue(&MAIL).resume();
    /// report.failures()[0].redeliver().await?;
    /// dispatcher.queue(&MAIL).join().await;
    /// assert_eq!(dispatcher.queue(&MAIL).counts().done, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// This is another kind of failure, it was redelivered before, or nobody will run it any more.
    ///
    /// # Cancellation
    ///
    /// Dropped before there was room, nothing was redelivered, and it can be called again.
    pub fn redeliver(&self) -> impl Future<Output = Result<(), RedeliverError>> + Send + use<> {
        let undelivered = match &self.cause {
            Cause::Full(undelivered) => Some(Arc::clone(undelivered)),
            _ => None,
        };
        async move {
            match undelivered {
                Some(undelivered) => undelivered.redeliver().await,
                None => Err(RedeliverError::NotFull),
            }
        }
    }

    /// The same as [`redeliver`](Self::redeliver), for a thread that may block; not for one that serves
    /// the queue, which would wait for itself.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn redeliver_blocking(&self) -> Result<(), RedeliverError> {
        match &self.cause {
            Cause::Full(undelivered) => undelivered.redeliver_blocking(),
            _ => Err(RedeliverError::NotFull),
        }
    }

    /// The error that the handler returned.
    #[must_use]
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        match &self.cause {
            Cause::Error(error) => Some(&**error),
            _ => None,
        }
    }

    /// The text of the panic, if something panicked.
    #[must_use]
    pub fn panic_message(&self) -> Option<&str> {
        match &self.cause {
            Cause::Panic(message) | Cause::Drop(message) => Some(message),
            _ => None,
        }
    }
}

impl Failure {
    fn for_handler(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.handler {
            Some(handler) => write!(f, " for handler {handler}"),
            None => Ok(()),
        }
    }
}

#[cfg(feature = "serde")]
fn echo(f: &mut fmt::Formatter<'_>, event: &str, source: &str) -> fmt::Result {
    write!(
        f,
        "`{event}` was not emitted: it has been here before, as an event that `{source}` sent, and somebody \
         forwarded it back; forward nothing that came from outside (`meta.is_remote()`), or let it in with \
         `codec.allow_echoes()`"
    )
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let event = self.event.name();
        let cause = |f: &mut fmt::Formatter<'_>| match self.handler {
            Some(handler) => write!(f, ", caused by handler {handler}"),
            None => Ok(()),
        };
        match (&self.cause, self.handler) {
            (Cause::Error(error), Some(handler)) => {
                write!(f, "handler {handler} failed on `{event}`: {error}")
            }
            (Cause::Error(error), None) => write!(f, "`{event}` failed: {error}"),
            (Cause::Panic(panic), Some(handler)) => {
                write!(f, "handler {handler} panicked on `{event}`: {panic}")
            }
            (Cause::Panic(panic), None) => write!(f, "`{event}` panicked: {panic}"),
            (Cause::Drop(panic), _) => write!(f, "the `Drop` of `{event}` panicked: {panic}"),
            (Cause::TooDeep { limit }, _) => {
                write!(
                    f,
                    "`{event}` was not emitted: more than {limit} causes lie before it"
                )?;
                cause(f)
            }
            #[cfg(feature = "serde")]
            (Cause::Echo { source }, _) => echo(f, event, source),
            (Cause::TooMany { limit, not_emitted }, _) => {
                write!(f, "`{event}` was not emitted")?;
                match not_emitted.saturating_sub(1) {
                    0 => {}
                    1 => write!(f, ", nor was 1 more event")?,
                    more => write!(f, ", nor were {more} more events")?,
                }
                write!(f, ": one root caused more than {limit}")?;
                cause(f)
            }
            (Cause::TimedOut(limit), handler) => {
                match handler {
                    Some(handler) => write!(f, "handler {handler} timed out on `{event}`")?,
                    None => write!(f, "`{event}` timed out")?,
                }
                write!(f, " after {limit:?}")
            }
            (Cause::Full(undelivered), _) => {
                write!(f, "`{event}` was rejected")?;
                self.for_handler(f)?;
                write!(f, ": {undelivered}")
            }
            (Cause::Closed, None) => {
                write!(f, "`{event}` was not emitted: the dispatcher is closed")
            }
            (Cause::Closed, _) => {
                write!(f, "`{event}` was rejected")?;
                self.for_handler(f)?;
                f.write_str(": the dispatcher is closed")
            }
            (Cause::Lost, _) => {
                f.write_fmt(format_args!(
                    "`{event}` was not emitted: its task was dropped"
                ))?;
                cause(f)
            }
            (Cause::NoRuntime, _) => {
                write!(f, "`{event}` was abandoned")?;
                self.for_handler(f)?;
                f.write_str(
                    ": there is no tokio runtime; build the dispatcher inside of one, or give the \
                     builder one with `.runtime(handle)`",
                )
            }
            (Cause::Abandoned { queue }, _) => {
                write!(f, "`{event}` was abandoned")?;
                self.for_handler(f)?;
                match queue {
                    Some(queue) => write!(f, ": queue `{queue}` is not served any more"),
                    None => f.write_str(": its task was dropped"),
                }
            }
            (
                Cause::Cancelled {
                    cancelled,
                    not_emitted,
                },
                _,
            ) => write!(
                f,
                "the `emit_async` of `{event}` was dropped: {cancelled} deliveries cancelled, \
                 {not_emitted} caused events not emitted; `.shielded()` lets it go on"
            ),
            (Cause::Nested(Limit::Depth(limit)), _) => write!(
                f,
                "`{event}` was not emitted: {limit} emits are running inside each other on \
                 this thread"
            ),
            (Cause::Nested(Limit::Count(limit)), _) => write!(
                f,
                "`{event}` was not emitted: handlers of one event made more than {limit} emits \
                 of their own"
            ),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("event", &self.event.name())
            .field("handler", &self.handler)
            .field("cause", &self.cause)
            .finish()
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => write!(f, "Error({error:?})"),
            Self::Panic(panic) => write!(f, "Panic({panic:?})"),
            Self::Drop(panic) => write!(f, "Drop({panic:?})"),
            Self::TooDeep { limit } => write!(f, "TooDeep({limit})"),
            #[cfg(feature = "serde")]
            Self::Echo { source } => write!(f, "Echo({source:?})"),
            Self::TooMany { limit, .. } => write!(f, "TooMany({limit})"),
            Self::Nested(limit) => write!(f, "Nested({limit:?})"),
            Self::TimedOut(limit) => write!(f, "TimedOut({limit:?})"),
            Self::Full(undelivered) => write!(f, "Full({undelivered})"),
            Self::Closed => f.write_str("Closed"),
            Self::NoRuntime => f.write_str("NoRuntime"),
            Self::Lost => f.write_str("Lost"),
            Self::Abandoned { queue } => write!(f, "Abandoned({queue:?})"),
            Self::Cancelled {
                cancelled,
                not_emitted,
            } => write!(f, "Cancelled({cancelled}, {not_emitted})"),
        }
    }
}
