//! Logs failures.

use std::time::Duration;

use crate::engine::state::DispatcherState;
#[cfg(feature = "tracing")]
use crate::log;
use crate::report::failure::Failure;
use crate::spans::Trace;

/// Logs that a delivery failed, or that an event was not emitted. The line is in the span of the
/// delivery, or else in that of the emission. An event that a log subscriber emits is caused by the
/// failed event.
#[cold]
pub(crate) fn failure(
    inner: &DispatcherState,
    failure: &Failure,
    delivery: &Trace,
    emission: &Trace,
) {
    #[cfg(feature = "tracing")]
    {
        let write = || {
            let meta = failure.meta();
            tracing::error!(
                dispatcher = failure.dispatcher(),
                event = failure.event_name(),
                event_id = meta.map(|meta| tracing::field::display(meta.id())),
                correlation_id = meta.map(|meta| tracing::field::display(meta.correlation())),
                attempt = meta.map(crate::meta::Meta::attempt),
                handler = failure.handler().map(|handler| handler.name()),
                payload = failure.payload(),
                "{failure}"
            );
        };
        let _ = failure.descend(inner.id(), || log::say(|| delivery.write(emission, write)));
    }
    let _ = (inner, failure, delivery, emission);
}

/// Logs that an attempt failed, of a delivery that is tried again.
#[cold]
pub(crate) fn attempt(
    inner: &DispatcherState,
    failure: &Failure,
    attempts: u32,
    wait: Duration,
    delivery: &Trace,
    emission: &Trace,
) {
    #[cfg(feature = "tracing")]
    {
        let write = || {
            let meta = failure.meta();
            let attempt = meta.map_or(1, crate::meta::Meta::attempt);
            tracing::warn!(
                event = failure.event_name(),
                event_id = meta.map(|meta| tracing::field::display(meta.id())),
                correlation_id = meta.map(|meta| tracing::field::display(meta.correlation())),
                attempt,
                handler = failure.handler().map(|handler| handler.name()),
                "attempt {attempt} of {attempts} failed, the next is in {wait:?}: {failure}"
            );
        };
        let _ = failure.descend(inner.id(), || log::say(|| delivery.write(emission, write)));
    }
    let _ = (inner, failure, attempts, wait, delivery, emission);
}

/// Prints a failure that is in no report, if there is no `on_failure` hook.
#[cold]
pub(crate) fn unheard(failure: &Failure) {
    // With `tracing`, the failure was logged when it was made.
    #[cfg(not(feature = "tracing"))]
    match (failure.meta(), failure.payload()) {
        (Some(meta), Some(payload)) => {
            let (id, attempt) = (meta.id(), meta.attempt());
            eprintln!("event-core: {failure} (event {id}, attempt {attempt}: {payload})");
        }
        _ => eprintln!("event-core: {failure}"),
    }
    let _ = failure;
}
