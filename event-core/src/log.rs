//! Says what went wrong to `tracing`, if that feature is on. Everything said here is also in
//! a report or in a count; a log is a copy.

use crate::error::EmitError;
use crate::event::EventInfo;
use crate::handler::HandlerInfo;
use crate::report::Failure;

/// A delivery failed, or an event was not emitted.
#[cold]
pub(crate) fn failure(failure: &Failure) {
    #[cfg(feature = "tracing")]
    if tracing::enabled!(tracing::Level::ERROR) {
        // The text may be the user's `Display`, which runs under isolation like all their code.
        let text = crate::isolate::run(|| failure.to_string())
            .unwrap_or_else(|panic| format!("the error's `Display` panicked: {panic}"));
        let handler = failure.handler().map(|handler| handler.name());
        tracing::error!(event = failure.event_name(), handler, "{text}");
    }
    #[cfg(not(feature = "tracing"))]
    let _ = failure;
}

/// An observer panicked.
#[cold]
pub(crate) fn observer_panicked(panic: &str) {
    #[cfg(feature = "tracing")]
    tracing::error!("an observer panicked: {panic}");
    #[cfg(not(feature = "tracing"))]
    let _ = panic;
}

/// An emitter that outlived its delivery and its dispatcher was given an event.
#[cold]
pub(crate) fn lost(event: &'static str, by: HandlerInfo, error: EmitError) {
    #[cfg(feature = "tracing")]
    tracing::error!(event, handler = by.name(), "not emitted: {error}");
    #[cfg(not(feature = "tracing"))]
    let _ = (event, by, error);
}

/// A dispatcher was built in which nobody handles an event: legal, and often a forgotten
/// `#[handler]` or `.module(…)`.
pub(crate) fn unhandled(event: &EventInfo) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        event = event.name(),
        "nobody handles `{}` ({}:{}) in this dispatcher",
        event.type_name(),
        event.file(),
        event.line()
    );
    #[cfg(not(feature = "tracing"))]
    let _ = event;
}

/// A dispatcher was built with a value that no handler of it takes.
pub(crate) fn untaken(dependency: &'static str) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        dependency,
        "`{dependency}` was provided, and no handler of this dispatcher takes it"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = dependency;
}
