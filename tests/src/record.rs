//! Journals in memory.

use event_core::wire::journal::{JournalReader, JournalWriter};
use event_core::wire::{Codec, Envelope};
use event_core::{Dispatcher, Transient};

/// A codec of this program.
///
/// # Panics
///
/// Two events of the test accept one name and version.
#[must_use]
pub fn codec() -> Codec {
    Codec::new("urn:tests").expect("a source")
}

/// The journal of what `run` emits.
///
/// # Panics
///
/// Something of it cannot be written.
pub fn record(dispatcher: &Dispatcher, run: impl FnOnce()) -> String {
    let recorder = JournalWriter::new(codec(), Vec::new());
    let observing = dispatcher.observe(recorder.clone());
    run();
    drop(observing);
    let end = recorder.finish();
    assert!(end.is_complete(), "{end}");
    let record = recorder.into_inner().expect("nobody took it");
    String::from_utf8(record).expect("JSON is UTF-8")
}

/// The events of a journal.
///
/// # Panics
///
/// A line is none.
#[must_use]
pub fn read(record: &str) -> Vec<Envelope> {
    let records = JournalReader::new(codec(), record.as_bytes());
    records.map(|event| event.expect("an event")).collect()
}

/// An event as it comes out of a journal.
///
/// # Panics
///
/// It is not `wire`.
pub fn envelope<E: Transient>(event: E) -> Envelope {
    let nobody = Dispatcher::empty().build().expect("nothing to wire");
    let record = record(&nobody, || drop(nobody.emit(event)));
    let [envelope] = <[_; 1]>::try_from(read(&record)).expect("one event");
    envelope
}
