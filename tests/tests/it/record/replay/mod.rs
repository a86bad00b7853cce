//! A replayed event is handled, and what its handlers cause is discarded, wherever they run.

mod emits;
mod inline;
mod later;
mod unrecorded;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::{Dispatcher, Event, dispatcher::DispatcherBuilder, handler};
use event_tests::Journal;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "replay.ordered", wire)]
struct Ordered(u8);

#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
#[event(name = "replay.reserved", wire)]
struct Reserved(u8);

/// No journal can have it.
#[derive(Event)]
struct Shown;

const LONG: Duration = Duration::from_mins(1);

fn journal(builder: DispatcherBuilder) -> (Dispatcher, Arc<Journal>) {
    let journal = Arc::new(Journal::default());
    let dispatcher = builder.provide_arc(Arc::clone(&journal)).build();
    (dispatcher.expect("wired"), journal)
}

#[handler]
fn on_reserved(event: &Reserved, journal: &Journal) {
    journal.write(format!("reserved {}", event.0));
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "replay.nests", wire)]
struct Nests;

/// What one emit inside of a handler answers: events, discarded, failures.
type Answer = (usize, usize, usize);

#[derive(Default)]
struct Answers(Mutex<Vec<Answer>>);

impl Answers {
    fn add(&self, report: &event_core::Report) {
        let answer = (report.events(), report.discarded(), report.failures().len());
        self.0.lock().expect("no panic").push(answer);
    }

    fn take(&self) -> Vec<Answer> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}
