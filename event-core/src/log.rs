//! Logs errors and warnings with `tracing`, if that feature is on. Everything that is logged here is also
//! in a report or in a count.
//!
//! Subscribers of `tracing` are code of the user's, so their panics are caught. They may also emit: a
//! layer that makes an event of each line does so, and a failure that such an event causes may be logged
//! in turn. So no line is written, and no span is opened, by a thread that is inside of a subscriber:
//! lines that are left out are counted, and their number is logged afterwards.
//!
//! Layers that export traces mark the span of a line of level ERROR as failed. So such a line is never
//! written in a span of the user's: it is in that of the delivery that failed, or in one of its own.

#[cfg(feature = "tracing")]
use std::cell::Cell;
use std::fmt::Display;

use crate::box_error::Chain;
#[cfg(feature = "tracing")]
use crate::counted::Counted;
#[cfg(feature = "tracing")]
use crate::panics;

#[cfg(feature = "tracing")]
thread_local! {
    /// Whether this thread is inside of a subscriber.
    static IS_TELLING: Cell<bool> = const { Cell::new(false) };
    /// How many lines were not written meanwhile.
    static LEFT_OUT: Cell<usize> = const { Cell::new(0) };
}

/// Logs that a thread of a queue could not be started.
#[cold]
pub(crate) fn no_thread(queue: &str, error: &std::io::Error) {
    say_apart(|| {
        let error = Chain(error);
        #[cfg(feature = "tracing")]
        tracing::error!(queue, "no thread for queue `{queue}`: {error}");
        let _ = (queue, error);
    });
}

/// Logs what a build wired. `left_out` is the number of linked handlers that the dispatcher does not have.
pub(crate) fn wired(
    dispatcher: Option<&str>,
    events: usize,
    handlers: usize,
    queues: usize,
    left_out: usize,
) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::debug!(
            dispatcher,
            events,
            handlers,
            queues,
            left_out,
            "the dispatcher is built: {events} events, {handlers} handlers, {queues} queues; {left_out} \
             linked handlers are left out"
        );
        let _ = (dispatcher, events, handlers, queues, left_out);
    });
}

/// Logs that the events of a unit of work, or of a savepoint, are dropped.
#[cold]
pub(crate) fn rolled_back(dispatcher: Option<&str>, what: &str, events: usize) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::debug!(
            dispatcher,
            events,
            "{what} was rolled back, with {}",
            Counted::events(events as u64),
        );
        let _ = (dispatcher, what, events);
    });
}

/// Logs that the last dispatcher was dropped while deliveries were left.
#[cold]
pub(crate) fn dropped_with_work(dispatcher: Option<&str>, waiting: usize, tasks: usize) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::warn!(
            dispatcher,
            waiting,
            tasks,
            "the last dispatcher was dropped with {} in queues and {}; `shutdown` waits for them",
            Counted::deliveries(waiting),
            Counted::new(tasks, "running task", "running tasks"),
        );
        let _ = (dispatcher, waiting, tasks);
    });
}

/// Logs that an event is not in a journal, for the first time for this reason.
#[cfg(feature = "serde")]
#[cold]
pub(crate) fn not_recorded(event: &str, why: &(dyn std::error::Error + 'static)) {
    say(|| {
        let why = Chain(why);
        #[cfg(feature = "tracing")]
        tracing::warn!(event, "not recorded: {why}");
        let _ = (event, why);
    });
}

/// Logs that a journal cannot be continued.
#[cfg(feature = "serde")]
#[cold]
pub(crate) fn journal_failed(error: &std::io::Error) {
    say_apart(|| {
        let error = Chain(error);
        #[cfg(feature = "tracing")]
        tracing::error!("the journal cannot be written, and ends here: {error}");
        let _ = error;
    });
}

/// Logs that a journal that is appended to ends in the middle of an event.
#[cfg(feature = "serde")]
#[cold]
pub(crate) fn journal_torn(bytes: u64) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::warn!(
            bytes,
            "the journal ends with {} of an event that was not written whole; new events follow on \
             lines of their own",
            Counted::new(bytes, "byte", "bytes"),
        );
        let _ = bytes;
    });
}

/// Logs that a journal continues in its current writer.
#[cfg(feature = "serde")]
#[cold]
pub(crate) fn journal_not_rotated(error: &std::io::Error) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::warn!(
            "the next journal cannot be started, and the current one continues: {error}"
        );
        let _ = error;
    });
}

/// Logs that an observer panicked.
#[cold]
pub(crate) fn observer_panicked(panic: &str) {
    say_apart(|| {
        #[cfg(feature = "tracing")]
        tracing::error!("an observer panicked: {panic}");
        let _ = panic;
    });
}

/// Logs that an emitter that outlived its delivery and its dispatcher was given an event.
#[cold]
pub(crate) fn lost(event: &str, handler: &str, error: &dyn Display) {
    say_apart(|| {
        #[cfg(feature = "tracing")]
        tracing::error!(event, handler, "not emitted: {error}");
        let _ = (event, handler, error);
    });
}

/// Logs that a value that a dispatcher owned panicked in its `Drop`.
#[cold]
pub(crate) fn drop_panicked(panic: &str) {
    say_apart(|| {
        #[cfg(feature = "tracing")]
        tracing::error!("the `Drop` of a handler's dependency panicked: {panic}");
        let _ = panic;
    });
}

/// Logs that a dispatcher has no handler of an event. This is allowed, and often a forgotten `#[handler]`
/// or `.module(…)`.
pub(crate) fn unhandled(
    dispatcher: Option<&str>,
    event: &str,
    type_name: &str,
    file: &str,
    line: u32,
) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::debug!(
            dispatcher,
            event,
            "`{type_name}` ({file}:{line}) has no handler in this dispatcher"
        );
        let _ = (dispatcher, event, type_name, file, line);
    });
}

/// Logs that a dispatcher was built with a value that no handler of it takes.
pub(crate) fn untaken(dispatcher: Option<&str>, dependency: &'static str) {
    say(|| {
        #[cfg(feature = "tracing")]
        tracing::debug!(
            dispatcher,
            dependency,
            "`{dependency}` was provided, and no handler of this dispatcher takes it"
        );
        let _ = (dispatcher, dependency);
    });
}

/// Writes a line of level ERROR that is about no delivery.
fn say_apart(write: impl FnOnce()) {
    say(|| apart(write));
}

/// Writes a line of level ERROR outside of the user's spans, which it would mark as failed.
pub(crate) fn apart(write: impl FnOnce()) {
    #[cfg(feature = "tracing")]
    if tracing::Span::current().is_none() {
        write();
    } else {
        tracing::error_span!(target: "event_core", "failure").in_scope(write);
    }
    #[cfg(not(feature = "tracing"))]
    write();
}

/// Writes a line, unless the thread is inside of a subscriber. A panic of a subscriber or a `Display` is
/// ignored.
pub(crate) fn say(write: impl FnOnce()) {
    #[cfg(feature = "tracing")]
    if IS_TELLING.get() {
        LEFT_OUT.set(LEFT_OUT.get() + 1);
    } else {
        let _ = tell(write);
    }
    #[cfg(not(feature = "tracing"))]
    let _ = write;
}

/// Whether this thread is inside of a subscriber of `tracing`.
#[cfg(feature = "tracing")]
pub(crate) fn is_telling() -> bool {
    IS_TELLING.get()
}

/// Calls a subscriber of `tracing`; returns the text of its panic, if it panicked.
#[cfg(feature = "tracing")]
pub(crate) fn tell<R>(subscriber: impl FnOnce() -> R) -> Result<R, Box<str>> {
    let is_inside = IS_TELLING.replace(true);
    let told = panics::catch(subscriber);
    if !is_inside {
        if LEFT_OUT.get() > 0 {
            let lines = LEFT_OUT.get();
            let _ = panics::catch(|| {
                tracing::warn!(
                    lines,
                    "{} not logged, since a subscriber of `tracing` emitted events while it was called; \
                     the reports of these events have the failures",
                    Counted::new(lines, "line was", "lines were"),
                );
            });
            // This also resets lines that the warning itself left out, or it would be logged without end.
            LEFT_OUT.set(0);
        }
        IS_TELLING.set(false);
    }
    told
}
