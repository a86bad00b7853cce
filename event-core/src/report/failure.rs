//! One thing that went wrong.

use std::error::Error;
use std::fmt;

use super::Ended;
use crate::dispatcher::depth::{Limit, Refusal};
use crate::error::BoxError;
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
    TooMany {
        limit: usize,
        not_emitted: usize,
    },
    Nested(Limit),
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
            Cause::Error(_) => Some(Ended::Failed),
            Cause::Panic(_) => Some(Ended::Panicked),
            _ => None,
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
            Self::TooMany { limit, .. } => write!(f, "TooMany({limit})"),
            Self::Nested(limit) => write!(f, "Nested({limit:?})"),
        }
    }
}
