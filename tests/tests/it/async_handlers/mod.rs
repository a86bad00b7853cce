//! Handlers that are `async fn`s: inside of `emit_async`, and handed to the runtime by `emit`.

#![allow(
    clippy::unnecessary_wraps,
    reason = "handlers return what the test is about"
)]

mod detached;
mod isolation;
mod kinds;
mod limits;
mod order;
mod stopping;
mod subscriptions;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_core::flag::Flag;
use event_core::{Event, dispatcher::DispatcherBuilder};
use event_tests::Journal;

fn journal(builder: DispatcherBuilder) -> (DispatcherBuilder, Arc<Journal>) {
    let journal = Arc::new(Journal::default());
    (builder.provide_arc(journal.clone()), journal)
}

/// A flag that says that a handler has come to its end.
#[derive(Debug, Default)]
struct Arrived(Flag);

#[derive(Event)]
struct Tick;

#[derive(Debug, Default)]
struct Counter(AtomicUsize);

impl Counter {
    /// Ends what goes on for ever.
    fn add(&self) {
        assert!(self.0.fetch_add(1, Ordering::Relaxed) < 1_000, "no limit");
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}
