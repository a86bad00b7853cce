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

#[tracing::instrument]
#[handler]
async fn async_instrumented_above(event: &Rang) {
    let _ = event;
}

#[handler(timeout = "5s")]
#[tracing::instrument(skip_all)]
async fn async_instrumented_below(_event: &Rang, _missing: Option<&u8>) -> Option<Rang> {
    None
}

#[inline]
#[handler]
#[must_use]
#[cold]
async fn async_cold(_: &Rang) -> Option<Rang> {
    None
}

fn main() {
    let dispatcher = Dispatcher::builder()
        .without(async_instrumented_above)
        .without(async_instrumented_below)
        .without(async_cold)
        .build();
    assert_eq!(dispatcher.unwrap().emit(Rang).done(), 4);
}
