//! Other attributes above and below `#[handler]`.

#![deny(warnings)]

use event_core::{Dispatcher, Event, handler};

#[derive(Event, Debug, Clone)]
#[non_exhaustive]
struct Rang;

#[inline]
#[handler]
#[must_use]
#[cfg_attr(all(), doc = "Documented.")]
fn one(_: &Rang) -> Option<Rang> {
    None
}

#[tracing::instrument]
#[handler]
fn instrumented_above(event: &Rang) {
    let _ = event;
}

#[handler]
#[tracing::instrument(skip_all)]
fn instrumented_below(_event: &Rang) {}

#[track_caller]
#[handler]
#[cold]
fn cold(_: &Rang) {}

fn main() {
    assert_eq!(Dispatcher::builder().build().unwrap().emit(Rang).done(), 4);
}
