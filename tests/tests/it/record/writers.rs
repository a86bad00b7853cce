//! Writers that write in blocks, fail, panic or emit.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use event_core::wire::journal::{FlushPolicy, JournalError, JournalReader, JournalWriter};
use event_core::{Dispatcher, Event, dispatcher::DispatcherHandle, global};
use event_tests::{codec, quiet_panic, read};
use serde::{Deserialize, Serialize, Serializer};

use super::{Seen, moved, observed, observed_in_blocks};

/// A file that others can look into, with room for so many bytes.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<Written>>);

#[derive(Default)]
struct Written {
    blocks: Vec<Vec<u8>>,
    flushes: usize,
    room: Option<usize>,
    panics: bool,
}

impl Disk {
    fn written(&self) -> std::sync::MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self) -> String {
        String::from_utf8(self.written().blocks.concat()).expect("JSON")
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.written();
        if written.panics {
            quiet_panic();
        }
        let most = written.room.unwrap_or(usize::MAX).min(bytes.len());
        if most == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if let Some(room) = &mut written.room {
            *room -= most;
        }
        written.blocks.push(bytes[..most].to_vec());
        Ok(most)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.written().flushes += 1;
        Ok(())
    }
}

#[test]
fn lines_go_out_in_blocks_of_whole_lines_so_a_killed_program_leaves_no_half_event() {
    let disk = Disk::default();
    let (dispatcher, recorder) = observed_in_blocks(disk.clone());
    for step in 0..2_000 {
        dispatcher.emit(moved(step));
        let blocks = &disk.written().blocks;
        assert!(blocks.iter().all(|block| block.ends_with(b"\n")));
    }
    let blocks = disk.written().blocks.len();
    assert!((2..100).contains(&blocks), "{blocks} blocks");
    let before_the_end = read(&disk.text()).len();
    assert!((1..2_000).contains(&before_the_end));
    assert_eq!(disk.written().flushes, blocks);

    // A flush writes what waits; and so does the end, whoever is last.
    assert_eq!(recorder.flush().written(), 2_000);
    assert_eq!(
        (read(&disk.text()).len(), disk.written().flushes),
        (2_000, blocks + 1)
    );
    dispatcher.emit(moved(0));
    drop(recorder);
    drop(dispatcher);
    assert_eq!(
        (read(&disk.text()).len(), disk.written().flushes),
        (2_001, blocks + 2)
    );
}

#[test]
fn after_an_error_of_the_writer_nothing_is_written_and_all_of_it_is_counted() {
    let disk = Disk::default();
    disk.written().room = Some(100_000);
    let (dispatcher, recorder) = observed_in_blocks(disk.clone());
    for step in 0..1_000 {
        assert!(dispatcher.emit(moved(step)).is_ok());
    }
    disk.written().room = None; // too late
    dispatcher.emit(moved(0));
    let end = recorder.finish();
    assert_eq!(end.written() + end.lost(), 1_001);
    assert!(end.written() > 0);
    assert_eq!(disk.text().len(), 100_000);
    let error = end.error().expect("a full disk");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!(!end.is_complete());
    let text = end.to_string();
    assert!(
        text.ends_with(&format!("not written: {} events: {error}", end.lost())),
        "{text}"
    );

    // The journal is good up to there.
    let text = disk.text();
    let records: Vec<_> = JournalReader::new(codec(), text.as_bytes()).collect();
    let (last, all) = records.split_last().expect("some");
    assert!(matches!(last, Err(JournalError::CutOff { .. })), "{last:?}");
    assert!(all.iter().all(Result::is_ok));
    assert!(all.len() as u64 >= end.written());
}

#[test]
fn a_writer_that_panics_is_an_error_of_the_record_and_of_nothing_else() {
    let disk = Disk::default();
    disk.written().panics = true;
    let (dispatcher, recorder) = observed(disk);
    dispatcher.emit(moved(1));
    let end = recorder.finish();
    assert_eq!((end.written(), end.lost()), (0, 1));
    let error = end.error().expect("it panicked").to_string();
    assert_eq!(error, "the writer panicked: on purpose");
    assert_eq!(dispatcher.counts().observer_panics, 0);
}

/// A writer that emits before it writes for the first time, more than waits for a block.
struct Emits {
    handle: DispatcherHandle,
    out: Disk,
    has_emitted: bool,
}

impl Write for Emits {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !std::mem::replace(&mut self.has_emitted, true) {
            let report = self.handle.emit(Told("x".repeat(100_000)));
            assert!(report.expect("it lives").is_ok());
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "record.told", wire)]
struct Told(String);

/// An event that emits as it is written.
#[derive(Event, Deserialize)]
#[event(name = "record.emits", wire)]
struct EmitsAsItIsWritten(u8);

impl Serialize for EmitsAsItIsWritten {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        global::emit(Seen(7)).expect("entered");
        serializer.serialize_u8(self.0)
    }
}

/// What such a writer is given, which has room for so many bytes.
fn emitting(room: Option<usize>) -> (Dispatcher, JournalWriter<Emits>, Disk) {
    let (disk, builder) = (Disk::default(), Dispatcher::empty());
    disk.written().room = room;
    let out = Emits {
        handle: builder.handle(),
        out: disk.clone(),
        has_emitted: false,
    };
    let recorder = JournalWriter::builder(codec()).flush(FlushPolicy::Bytes(64 * 1024));
    let recorder = recorder.start(out).expect("no thread is needed");
    let dispatcher = builder.observe(recorder.clone()).build().expect("wired");
    (dispatcher, recorder, disk)
}

#[test]
fn a_writer_and_a_serialize_that_emit_are_recorded_too_and_wait_for_nothing() {
    let (dispatcher, recorder, disk) = emitting(None);
    let _entered = global::enter(&dispatcher);
    dispatcher.emit(EmitsAsItIsWritten(1));
    assert_eq!(recorder.flush().written(), 2);
    assert_eq!(
        recorder.flush().written(),
        3,
        "what the writer emitted waited"
    );
    let names: Vec<_> = read(&disk.text())
        .iter()
        .map(|it| it.name().to_owned())
        .collect();
    assert_eq!(names, ["record.seen", "record.emits", "record.told"]);
}

#[test]
fn what_is_emitted_while_the_writer_fails_is_lost_and_counted_too() {
    let (dispatcher, recorder, _) = emitting(Some(0));
    dispatcher.emit(moved(1));
    let end = recorder.flush();
    assert_eq!((end.written(), end.lost()), (0, 2));
}

#[test]
fn what_is_emitted_after_the_end_is_counted_and_the_writer_is_given_back_once() {
    let (dispatcher, recorder) = observed(Vec::new());
    dispatcher.emit(moved(1));
    assert!(recorder.finish().is_complete());
    dispatcher.emit(moved(2));
    let end = recorder.finish();
    assert_eq!((end.written(), end.late()), (1, 1));
    assert!(!end.is_complete());
    let text = "1 event written\n  not written: 1 event after the journal was finished";
    assert_eq!(end.to_string(), text);

    let again = recorder.clone();
    assert_eq!(
        recorder.into_inner().map(|out| out.len() as u64),
        Some(end.bytes())
    );
    dispatcher.emit(moved(3));
    assert_eq!(again.finish().late(), 2);
    assert!(again.into_inner().is_none());
}
