//! The texts of failures.

use std::fmt;

use crate::box_error::Chain;
use crate::counted::Counted;
use crate::report::failure::{Cause, Failure, RUNTIME_ENDED};

impl Failure {
    fn for_handler(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.handler {
            Some(handler) => write!(f, " for handler {handler}"),
            None => Ok(()),
        }
    }

    fn abandoned(&self, queue: Option<&str>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` was abandoned", self.event.name())?;
        self.for_handler(f)?;
        let has_ended = matches!(self.cause, Cause::RuntimeEnded { .. });
        match (queue, has_ended) {
            (Some(queue), false) => write!(f, ": queue `{queue}` is not served any more"),
            (Some(queue), true) => write!(
                f,
                ": queue `{queue}` is not served any more: {RUNTIME_ENDED}"
            ),
            (None, false) => f.write_str(": its task was dropped"),
            (None, true) => write!(f, ": {RUNTIME_ENDED}"),
        }
    }
}

#[cfg(feature = "serde")]
fn echo(f: &mut fmt::Formatter<'_>, event: &str, source: &str) -> fmt::Result {
    write!(
        f,
        "`{event}` was not emitted: this program has emitted it before, as an event of the source `{source}`, \
         and it was forwarded back; do not forward events that came from outside (`meta.is_remote()`), or \
         accept them with `codec.allow_echoes()`"
    )
}

fn forgotten(
    f: &mut fmt::Formatter<'_>,
    event: &str,
    events: usize,
    is_committed: bool,
) -> fmt::Result {
    write!(f, "`{event}` was not emitted")?;
    match events.saturating_sub(1) {
        0 => {}
        1 => write!(f, ", nor was 1 more event")?,
        more => write!(f, ", nor were {more} more events")?,
    }
    f.write_str(if is_committed {
        ": what `committed()` of a unit of work returned was dropped; emit it, with \
         `dispatcher.emit(work.committed())`, `emit_async` or `emit_blocking`"
    } else {
        ": the code of its unit of work returned `Ok` and did not say how the transaction ended; emit \
         `work.committed()` after the commit, or call `work.rolled_back()`"
    })
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(dispatcher) = self.dispatcher() {
            write!(f, "in dispatcher `{dispatcher}`: ")?;
        }
        let event = self.event.name();
        let cause = |f: &mut fmt::Formatter<'_>| match self.handler {
            Some(handler) => write!(f, ", caused by handler {handler}"),
            None => Ok(()),
        };
        match (&self.cause, self.handler) {
            (Cause::Error(error), Some(handler)) => {
                let error = Chain(&**error);
                write!(f, "handler {handler} failed on `{event}`: {error}")
            }
            (Cause::Error(error), None) => write!(f, "`{event}` failed: {}", Chain(&**error)),
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
            (lost @ (Cause::Lost | Cause::NoTransaction), _) => {
                let why = match lost {
                    Cause::NoTransaction => "it is durable, and only a durable handler returns it",
                    _ => "its task was dropped",
                };
                write!(f, "`{event}` was not emitted: {why}")?;
                cause(f)
            }
            (
                Cause::Forgotten {
                    events,
                    is_committed,
                },
                _,
            ) => forgotten(f, event, *events, *is_committed),
            (Cause::NoRuntime, _) => {
                write!(f, "`{event}` was abandoned")?;
                self.for_handler(f)?;
                f.write_str(
                    ": there is no tokio runtime; build the dispatcher inside of one, or give the \
                     builder one with `.runtime(handle)`",
                )
            }
            (Cause::Abandoned { queue } | Cause::RuntimeEnded { queue }, _) => {
                self.abandoned(*queue, f)
            }
            (
                Cause::Cancelled {
                    cancelled,
                    not_emitted,
                },
                _,
            ) => write!(
                f,
                "the `emit_async` of `{event}` was dropped: {} cancelled, {} not emitted; \
                 `.spawned()` lets the emission run to its end",
                Counted::deliveries(*cancelled),
                Counted::new(*not_emitted, "caused event", "caused events"),
            ),
            (Cause::Nested(limit), _) => write!(f, "`{event}` was not emitted: {limit}"),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Failure");
        if let Some(dispatcher) = self.dispatcher() {
            shown.field("dispatcher", &dispatcher);
        }
        shown
            .field("event", &self.event.name())
            .field("handler", &self.handler)
            .field("cause", &self.cause)
            .field("meta", &self.meta())
            .field("payload", &self.payload().map(Shown))
            .finish_non_exhaustive()
    }
}

/// Shows the payload without quotes around it.
struct Shown<'a>(&'a str);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
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
            Self::NoTransaction => f.write_str("NoTransaction"),
            Self::Forgotten {
                events,
                is_committed,
            } => write!(f, "Forgotten({events}, {is_committed})"),
            Self::Abandoned { queue } => write!(f, "Abandoned({queue:?})"),
            Self::RuntimeEnded { queue } => write!(f, "RuntimeEnded({queue:?})"),
            Self::Cancelled {
                cancelled,
                not_emitted,
            } => write!(f, "Cancelled({cancelled}, {not_emitted})"),
        }
    }
}
