//! Ours: dispatchers with the handlers of this crate, and an event type for each count of handlers.

#[macro_use]
mod counted_events;

mod asynchronous;
mod awaited;
mod branching;
mod counting;
mod pending;
mod queued;
mod ready;

use std::hint::black_box;

use event_core::{Dispatcher, Transient};

use crate::candidate::Candidate;
use crate::work::{SUBSCRIPTION, count};
pub use awaited::{awaited, pending, ready};
use counting::{E0, E1, E10, E100};
pub(crate) use queued::{by_tasks, by_threads};

/// A dispatcher with all linked handlers that run inline; the others ask for a runtime.
///
/// # Panics
///
/// Panics if the handlers do not fit together, which would be a mistake in this crate.
#[must_use]
pub fn dispatcher() -> Dispatcher {
    Dispatcher::builder()
        .without_module(asynchronous::MODULE)
        .without_module(pending::MODULE)
        .without_module(queued::MODULE)
        .without_module(ready::MODULE)
        .build()
        .unwrap_or_else(|error| panic!("{error}"))
}

/// `emit` of an event with `handlers` handlers.
///
/// # Panics
///
/// Panics for a number that is not in [`COUNTS`](crate::candidate::COUNTS).
#[must_use]
pub fn candidate(handlers: usize) -> Candidate {
    counting("ours", dispatcher(), handlers)
}

/// `emit` of the same event to its handlers and one runtime subscription.
///
/// # Panics
///
/// Panics for other numbers than 1 and 10.
#[must_use]
pub fn subscribed(handlers: usize) -> Candidate {
    let dispatcher = dispatcher();
    match handlers {
        1 => dispatcher
            .subscribe(|event: &E1| count::<SUBSCRIPTION>(event.id, event.total))
            .detach(),
        10 => dispatcher
            .subscribe(|event: &E10| count::<SUBSCRIPTION>(event.id, event.total))
            .detach(),
        other => panic!("no subscription beside {other} handlers"),
    }
    counting("subscribed", dispatcher, handlers)
}

/// `emit` of an event with `handlers` handlers that branch.
///
/// # Panics
///
/// Panics for other numbers than 1, 10 and 100.
#[must_use]
pub fn branching(handlers: usize) -> Candidate {
    let dispatcher = dispatcher();
    match handlers {
        1 => Candidate::random("ours", move |id, total| {
            emit(&dispatcher, branching::E1 { id, total });
        }),
        10 => Candidate::random("ours", move |id, total| {
            emit(&dispatcher, branching::E10 { id, total });
        }),
        100 => Candidate::random("ours", move |id, total| {
            emit(&dispatcher, branching::E100 { id, total });
        }),
        other => panic!("no event with {other} branching handlers"),
    }
}

/// Emits one event with ten handlers.
#[inline]
pub fn emit_ten(dispatcher: &Dispatcher, id: u64) {
    emit(dispatcher, E10 { id, total: 1 });
}

fn counting(name: &'static str, dispatcher: Dispatcher, handlers: usize) -> Candidate {
    match handlers {
        0 => Candidate::new(name, move |id, total| emit(&dispatcher, E0 { id, total })),
        1 => Candidate::new(name, move |id, total| emit(&dispatcher, E1 { id, total })),
        10 => Candidate::new(name, move |id, total| emit(&dispatcher, E10 { id, total })),
        100 => Candidate::new(name, move |id, total| emit(&dispatcher, E100 { id, total })),
        other => panic!("no event with {other} handlers"),
    }
}

#[inline]
fn emit(dispatcher: &Dispatcher, event: impl Transient) {
    let report = black_box(dispatcher).emit(black_box(event));
    assert!(report.is_ok(), "{report:?}");
}
