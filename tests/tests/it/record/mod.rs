//! What is emitted is written, in order and whole, and read line by line.

mod append;
mod policies;
mod properties;
mod reading;
mod replay;
mod replay_model;
mod writers;
mod written;

use std::io::{BufRead, Write};

use event_core::queue::Queue;
use event_core::wire::journal::{FlushPolicy, JournalReader, JournalSummary, JournalWriter};
use event_core::{Dispatcher, Emitter, Event, handler};
use event_tests::{codec, record};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
#[event(name = "record.moved", wire)]
struct Moved {
    by: usize,
    step: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "record.seen", wire)]
struct Seen(u64);

/// It is not `wire`.
#[derive(Event)]
#[event(name = "record.shown")]
struct Shown;

#[handler]
fn look(event: &Moved) -> Seen {
    Seen(event.step)
}

#[handler]
fn show(_event: &Seen, emitter: Emitter<Shown>) {
    emitter.emit_after(Shown);
}

static LATER: Queue = Queue::new("record-later");

#[handler(queue = LATER)]
fn look_later(event: &Moved) -> Seen {
    Seen(event.step + 100)
}

fn moved(step: u64) -> Moved {
    Moved { by: 0, step }
}

fn observed<W: Write + Send + 'static>(out: W) -> (Dispatcher, JournalWriter<W>) {
    observed_by(JournalWriter::new(codec(), out))
}

/// In blocks, so that lines wait.
fn observed_in_blocks<W: Write + Send + 'static>(out: W) -> (Dispatcher, JournalWriter<W>) {
    let recorder = JournalWriter::builder(codec()).flush(FlushPolicy::Bytes(64 * 1024));
    observed_by(recorder.start(out).expect("no thread is needed"))
}

fn observed_by<W: Write + Send + 'static>(
    recorder: JournalWriter<W>,
) -> (Dispatcher, JournalWriter<W>) {
    let builder = Dispatcher::empty().observe(recorder.clone());
    (builder.build().expect("wired"), recorder)
}

/// How many events are not in the journal for each reason.
fn missed(end: &JournalSummary) -> Vec<(&str, u64, u64)> {
    let missed = end.missed().iter();
    missed
        .map(|it| (it.event(), it.count(), it.lacking()))
        .collect()
}

fn line(step: u64) -> String {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    record(&dispatcher, || drop(dispatcher.emit(moved(step))))
}

/// What is read: steps, and what is said of lines that are no event.
fn results(input: impl BufRead) -> Vec<Result<u64, String>> {
    JournalReader::new(codec().size_limit(2_000), input)
        .map(|event| {
            let event = event.map_err(|error| format!("{}: {error}", error.line()))?;
            Ok(event.event().downcast_ref::<Moved>().expect("a step").step)
        })
        .collect()
}
