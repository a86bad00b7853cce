//! The checks of handlers whose deliveries are tried again or have a timeout.

use crate::build::at_handler;
use crate::build::queues::QueueChoices;
use crate::engine::plan::pattern::sees;
use crate::event::info::EventInfo;
use crate::handler::registered::Registered;
use crate::problem::{Problem, ProblemKind};
use crate::retry::RetryPolicy;
use crate::runtime::Runtime;
use crate::type_name;

/// Checks that events have the keys, and the runtime the timers, that the handlers need.
pub(crate) fn check(
    handlers: &[&'static dyn Registered],
    events: &[&'static EventInfo],
    choices: &QueueChoices,
    runtime: Option<&Runtime>,
    problems: &mut Vec<Problem>,
) {
    ordered(handlers, events, problems);
    if let Some(runtime) = runtime {
        timers(handlers, choices, runtime, problems);
    }
}

/// Refuses `retry(ordered)` on handlers whose events have no key, since no delivery of theirs waits for
/// another. A catch-all may see events with and without a key, and sees at least one with a key.
fn ordered(
    handlers: &[&'static dyn Registered],
    events: &[&'static EventInfo],
    problems: &mut Vec<Problem>,
) {
    let sees_key = |handler: &dyn Registered| {
        let mut keyed = events.iter().filter(|event| event.key().is_some());
        keyed.any(|event| sees(handler.pattern(), event))
    };
    let is_ordered = |handler: &&&dyn Registered| {
        let retry = handler.spec().retry;
        retry.as_ref().is_some_and(RetryPolicy::is_ordered)
    };
    for handler in handlers.iter().filter(is_ordered) {
        let problem = match handler.event() {
            Some(event) if event.key().is_none() => {
                let says = format!(
                    "says `retry(ordered)`, but its event `{}` has no `key`, so that no delivery waits for \
                     another",
                    event.name()
                );
                let ty = type_name::short(event.type_name());
                at_handler(ProblemKind::OrderedWithoutKey, *handler, &says)
                    .at_named(event.file(), event.line(), event.name())
                    .help(format!(
                        "add `#[event(key = …)]` to `{ty}`, with the field whose deliveries keep their order, \
                         or remove `ordered`"
                    ))
            }
            None if !sees_key(*handler) => {
                let says = "says `retry(ordered)`, but none of the events that it sees has a `key`, so that no \
                            delivery waits for another";
                at_handler(ProblemKind::OrderedWithoutKey, *handler, says).help(
                    "add `#[event(key = …)]` to those whose deliveries keep their order, or remove `ordered`",
                )
            }
            _ => continue,
        };
        problems.push(problem);
    }
}

/// Refuses handlers that need the timers of a runtime that has none. All of them are one problem, since one
/// fix serves all. The next attempts of a queue that threads serve are timed by a thread.
fn timers(
    handlers: &[&'static dyn Registered],
    choices: &QueueChoices,
    runtime: &Runtime,
    problems: &mut Vec<Problem>,
) {
    let has_tasks = |handler: &dyn Registered| {
        let Some(queue) = handler.spec().queue else {
            return handler.spec().asynchronous;
        };
        let declared = queue().declared();
        let id = declared.id();
        let is_beside = |other: &&&dyn Registered| {
            let queue = other.spec().queue;
            queue.is_some_and(|queue| queue().declared().id() == id)
        };
        let mut beside = handlers.iter().filter(is_beside);
        !choices.names(declared) && beside.all(|other| other.spec().asynchronous)
    };
    let needs_timers = |handler: &&&'static dyn Registered| {
        let spec = handler.spec();
        spec.timeout.is_some() || (spec.retry.is_some() && has_tasks(**handler))
    };
    let needing: Vec<_> = handlers.iter().filter(needs_timers).collect();
    if needing.is_empty() || runtime.has_timers() {
        return;
    }
    let problem = Problem::new(
        ProblemKind::MissingTimers,
        "handlers with a `timeout` or `retry` need timers, which the tokio runtime does not have"
            .to_owned(),
    )
    .help("call `.enable_time()` or `.enable_all()` on the `tokio::runtime::Builder`");
    problems.push(needing.into_iter().fold(problem, |problem, handler| {
        let spec = handler.spec();
        problem.at_named(spec.file, spec.line, handler.name())
    }));
}
