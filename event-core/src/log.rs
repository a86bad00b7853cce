//! Says what went wrong to `tracing`, if that feature is on. Everything said here is also in
//! a report or in a count; a log is a copy. Subscribers of `tracing` are code of the user's, so
//! they are isolated like the rest.

use crate::error::EmitError;
use crate::event::EventInfo;
use crate::handler::HandlerInfo;
use crate::report::Failure;

/// A delivery failed, or an event was not emitted.
#[cold]
pub(crate) fn failure(failure: &Failure) {
    say(|| {
        #[cfg(feature = "tracing")]
        {
            let handler = failure.handler().map(|handler| handler.name());
            tracing::error!(event = failure.event_name(), handler, "{failure}");
        }
        let _ = failure;
    });
}

/// A failure of which nobody gets the report, where nobody else hears of such failures.
#[cold]
pub(crate) fn unheard(failure: &Failure) {
    // `tracing` has heard of it when it was made.
    #[cfg(not(feature = "tracing"))]
    eprintln!("event-core: {failure}");
    let _ = failure;
}

/// A thread of a queue could not be started.
#[cold]
pub(crate) fn no_thread(queue: &str, error: &std::io::Error) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::error!(queue, "no thread for queue `{queue}`: {error}");
        let _ = (queue, error);
    });
}

/// The last dispatcher was dropped while deliveries were under way.
#[cold]
pub(crate) fn left_alone(waiting: usize, tasks: usize) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::warn!(
            waiting,
            tasks,
            "the last dispatcher was dropped with {waiting} deliveries in queues and {tasks} tasks \
             under way; `shutdown` waits for them"
        );
        let _ = (waiting, tasks);
    });
}

/// An event is not in a record, for the first time for this reason.
#[cfg(feature = "serde")]
#[cold]
pub(crate) fn not_recorded(event: &str, why: &dyn std::error::Error) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::warn!(event, "not recorded: {why}");
        let _ = (event, why);
    });
}

/// A record goes no further.
#[cfg(feature = "serde")]
#[cold]
pub(crate) fn record_failed(error: &std::io::Error) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::error!("the record cannot be written, and ends here: {error}");
        let _ = error;
    });
}

/// A record that is appended to ends in the middle of an event.
#[cfg(feature = "serde")]
#[cold]
pub(crate) fn record_torn(bytes: u64) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::warn!(
            bytes,
            "the record ends with {bytes} bytes of an event that was not written whole; it goes on behind \
             them"
        );
        let _ = bytes;
    });
}

/// A record goes on in the writer that it has.
#[cfg(feature = "serde")]
#[cold]
pub(crate) fn record_not_rotated(error: &std::io::Error) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::warn!("the next record cannot be begun, and this one goes on: {error}");
        let _ = error;
    });
}

/// An observer panicked.
#[cold]
pub(crate) fn observer_panicked(panic: &str) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::error!("an observer panicked: {panic}");
        let _ = panic;
    });
}

/// An emitter that outlived its delivery and its dispatcher was given an event.
#[cold]
pub(crate) fn lost(event: &'static str, by: HandlerInfo, error: EmitError) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::error!(event, handler = by.name(), "not emitted: {error}");
        let _ = (event, by, error);
    });
}

/// What a dispatcher owned panicked in its `Drop`.
#[cold]
pub(crate) fn drop_panicked(panic: &str) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::error!("the `Drop` of a handler's dependency panicked: {panic}");
        let _ = panic;
    });
}

/// A dispatcher was built in which nobody handles an event: legal, and often a forgotten
/// `#[handler]` or `.module(…)`.
pub(crate) fn unhandled(event: &EventInfo) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::debug!(
            event = event.name(),
            "nobody handles `{}` ({}:{}) in this dispatcher",
            event.type_name(),
            event.file(),
            event.line()
        );
        let _ = event;
    });
}

/// A dispatcher was built with a value that no handler of it takes.
pub(crate) fn untaken(dependency: &'static str) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::debug!(
            dependency,
            "`{dependency}` was provided, and no handler of this dispatcher takes it"
        );
        let _ = dependency;
    });
}

/// Says something; a subscriber or a `Display` that panics is not heard.
fn say(event: impl FnOnce()) {
    #[cfg(feature = "tracing")]
    let _ = crate::isolate::run(event);
    #[cfg(not(feature = "tracing"))]
    let _ = event;
}
