//! What is emitted is written, in order and whole, and read line by line.

mod append;
mod policies;
mod replay;
mod replay_model;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use event_core::queue::Queue;
use event_core::wire::record::{FlushPolicy, Missed, RecordError, Recorded, Recorder, Records};
use event_core::wire::{DecodeError, EncodeError};
use event_core::{Dispatcher, DispatcherHandle, Emitter, Event, handler};
use event_tests::{codec, quiet_panic, read, record};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::ser::Error;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

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
    emitter.emit(Shown);
}

static LATER: Queue = Queue::new("record-later");

#[handler(queue = LATER)]
fn look_later(event: &Moved) -> Seen {
    Seen(event.step + 100)
}

fn moved(step: u64) -> Moved {
    Moved { by: 0, step }
}

fn observed<W: Write + Send + 'static>(out: W) -> (Dispatcher, Recorder<W>) {
    observed_by(Recorder::new(codec(), out))
}

/// In blocks, so that lines wait.
fn observed_in_blocks<W: Write + Send + 'static>(out: W) -> (Dispatcher, Recorder<W>) {
    let recorder = Recorder::builder(codec()).flush(FlushPolicy::Bytes(64 * 1024));
    observed_by(recorder.start(out).expect("no thread is needed"))
}

fn observed_by<W: Write + Send + 'static>(recorder: Recorder<W>) -> (Dispatcher, Recorder<W>) {
    let builder = Dispatcher::empty().observe(recorder.clone());
    (builder.build().expect("wired"), recorder)
}

/// How many events are not in the record for each reason.
fn missed(end: &Recorded) -> Vec<(&str, u64, u64)> {
    let missed = end.missed().iter();
    missed
        .map(|it| (it.event(), it.count(), it.lacking()))
        .collect()
}

// --- What is written -------------------------------------------------------------------------

#[test]
fn roots_and_what_they_cause_are_written_as_they_are_emitted_with_their_descent() {
    let runtime = event_tests::runtime();
    let builder = Dispatcher::empty().only(look).only(look_later);
    let builder = builder.runtime(runtime.handle().clone());
    let dispatcher = builder.build().expect("wired");
    let record = record(&dispatcher, || {
        for step in [1, 2] {
            dispatcher.emit(moved(step));
            let long = Duration::from_mins(1);
            assert!(dispatcher.queue(&LATER).join_blocking(long));
        }
    });
    let events = read(&record);
    let seen = |at: usize| events[at].event().downcast_ref::<Seen>().map(|it| it.0);
    let steps = |at: usize| events[at].event().downcast_ref::<Moved>().map(|it| it.step);
    assert_eq!((steps(0), steps(3)), (Some(1), Some(2)));
    for root in [0, 3] {
        let meta = events[root].meta();
        assert_eq!((meta.depth(), meta.causation()), (0, None));
        let step = steps(root).expect("a root");
        // The handler of the queue and the emitter run side by side.
        let mut caused = [seen(root + 1), seen(root + 2)];
        caused.sort_unstable();
        assert_eq!(caused, [Some(step), Some(step + 100)]);
        for caused in [&events[root + 1], &events[root + 2]] {
            assert_eq!(caused.meta().depth(), 1);
            assert_eq!(caused.meta().causation(), Some(meta.id()));
            assert_eq!(caused.meta().correlation(), meta.id());
            assert_eq!((caused.name(), caused.version()), ("record.seen", 1));
        }
    }
    assert_eq!(events.len(), 6);
}

/// Of one kind for each way in which writing fails.
#[derive(Event, Deserialize)]
#[event(name = "record.stubborn", wire)]
enum Stubborn {
    Fails,
    Panics,
    IsHuge,
}

impl Serialize for Stubborn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fails => Err(S::Error::custom("no")),
            Self::Panics => quiet_panic(),
            Self::IsHuge => serializer.serialize_str(&"x".repeat(2 << 20)),
        }
    }
}

#[test]
fn what_cannot_be_written_is_counted_by_name_and_reason_and_the_rest_is_written() {
    let (dispatcher, recorder) = observed(Vec::new());
    dispatcher.emit(moved(1));
    for _ in 0..3 {
        dispatcher.emit(Stubborn::Fails);
    }
    dispatcher.emit(Stubborn::Panics);
    dispatcher.emit(Stubborn::IsHuge);
    dispatcher.emit(moved(2));

    let end = recorder.finish();
    assert_eq!((end.written(), end.is_complete()), (2, false));
    let kinds = [3, 1, 1].map(|count| ("record.stubborn", count, count));
    assert_eq!(missed(&end), kinds);
    let why: Vec<_> = end.missed().iter().map(Missed::why).collect();
    assert!(matches!(
        why[..],
        [
            EncodeError::Serialize { .. },
            EncodeError::Panicked { .. },
            EncodeError::TooLarge { .. }
        ]
    ));
    let text = end.to_string();
    let expected = "2 events written\n  not written: 3 of `record.stubborn`: cannot write \
                    `record.stubborn` version 1: no\n";
    assert!(text.starts_with(expected), "{text}");
    assert_eq!(dispatcher.observer_panics(), 0);

    let record = recorder.into_inner().expect("nobody took it");
    let steps: Vec<_> = read(std::str::from_utf8(&record).expect("JSON"))
        .iter()
        .map(|it| it.event().downcast_ref::<Moved>().map(|it| it.step))
        .collect();
    assert_eq!(steps, [Some(1), Some(2)]);
    assert_eq!(end.bytes(), record.len() as u64);
}

#[test]
fn an_event_that_is_not_wire_is_named_and_missing_unless_a_handler_causes_it_again() {
    let recorder = Recorder::new(codec(), Vec::new());
    let builder = Dispatcher::empty().only(look).only(show);
    let dispatcher = builder.observe(recorder.clone()).build().expect("wired");
    dispatcher.emit(moved(1));
    let end = recorder.flush();
    assert_eq!(missed(&end), [("record.shown", 1, 0)]);
    assert!(end.is_complete(), "{end}");
    assert!(end.to_string().ends_with("cause them again in a replay"));

    dispatcher.emit(Shown);
    let end = recorder.finish();
    assert_eq!(missed(&end), [("record.shown", 2, 1)]);
    assert!(!end.is_complete());
    let text = "2 events written\n  not written: 2 of `record.shown`: `record.shown` is not `wire`; \
                add `#[event(wire)]` and the serde derives to it; handlers cause 1 of them again in \
                a replay";
    assert_eq!(end.to_string(), text);
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "record.raw", wire)]
struct Raw(Box<RawValue>);

#[test]
fn json_with_line_ends_of_the_users_own_is_one_line() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let json = "{\r\n  \"text\": \"a\\nb\"\n}";
    let record = record(&dispatcher, || {
        let raw = RawValue::from_string(json.to_owned()).expect("JSON");
        dispatcher.emit(Raw(raw));
    });
    assert_eq!(record.lines().count(), 1);
    let [event] = &*read(&record) else {
        panic!("one event")
    };
    let raw = event.event().downcast_ref::<Raw>().expect("it is one");
    let value: serde_json::Value = serde_json::from_str(raw.0.get()).expect("JSON");
    assert_eq!(value["text"], "a\nb");
}

#[handler]
fn count_to_ten(event: &Moved, emitter: Emitter<Seen>) {
    (1..=10).for_each(|at| emitter.emit(Seen(event.step * 100 + at)));
}

#[test]
fn lines_of_many_threads_are_whole_each_thread_keeps_its_order_and_causes_come_first() {
    const THREADS: usize = 4;
    const STEPS: u64 = 200;
    let dispatcher = Dispatcher::empty().only(count_to_ten).build();
    let dispatcher = dispatcher.expect("wired");
    let record = record(&dispatcher, || {
        thread::scope(|scope| {
            for by in 0..THREADS {
                let dispatcher = &dispatcher;
                scope.spawn(move || {
                    for step in 0..STEPS {
                        dispatcher.emit(Moved { by, step });
                    }
                });
            }
        });
    });
    let mut next = [0; THREADS];
    let mut roots = std::collections::HashMap::new();
    let events = read(&record);
    assert_eq!(events.len() as u64, THREADS as u64 * STEPS * 11);
    for event in &events {
        if let Some(Moved { by, step }) = event.event().downcast_ref() {
            assert_eq!(next[*by], *step);
            next[*by] += 1;
            roots.insert(event.meta().id(), (*step, 0));
        } else if let Some(Seen(at)) = event.event().downcast_ref() {
            let cause = event.meta().causation().expect("it was caused");
            let (step, seen) = roots.get_mut(&cause).expect("its cause comes first");
            *seen += 1;
            assert_eq!(*at, *step * 100 + *seen);
        }
    }
    assert!(roots.values().all(|(_, seen)| *seen == 10));
}

// --- The writer ------------------------------------------------------------------------------

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

    // The record is good up to there.
    let text = disk.text();
    let records: Vec<_> = Records::new(codec(), text.as_bytes()).collect();
    let (last, all) = records.split_last().expect("some");
    assert!(matches!(last, Err(RecordError::CutOff { .. })), "{last:?}");
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
    assert_eq!(dispatcher.observer_panics(), 0);
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
        event_core::emit(Seen(7)).expect("entered");
        serializer.serialize_u8(self.0)
    }
}

/// What such a writer is given, which has room for so many bytes.
fn emitting(room: Option<usize>) -> (Dispatcher, Recorder<Emits>, Disk) {
    let (disk, builder) = (Disk::default(), Dispatcher::empty());
    disk.written().room = room;
    let out = Emits {
        handle: builder.handle(),
        out: disk.clone(),
        has_emitted: false,
    };
    let recorder = Recorder::builder(codec()).flush(FlushPolicy::Bytes(64 * 1024));
    let recorder = recorder.start(out).expect("no thread is needed");
    let dispatcher = builder.observe(recorder.clone()).build().expect("wired");
    (dispatcher, recorder, disk)
}

#[test]
fn a_writer_and_a_serialize_that_emit_are_recorded_too_and_wait_for_nothing() {
    let (dispatcher, recorder, disk) = emitting(None);
    let _entered = dispatcher.enter();
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
    let text = "1 event written\n  not written: 1 event after the record was finished";
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

// --- What is read ----------------------------------------------------------------------------

fn line(step: u64) -> String {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    record(&dispatcher, || drop(dispatcher.emit(moved(step))))
}

/// What is read: steps, and what is said of lines that are no event.
fn results(input: impl BufRead) -> Vec<Result<u64, String>> {
    Records::new(codec().size_limit(2_000), input)
        .map(|event| {
            let event = event.map_err(|error| format!("{}: {error}", error.line()))?;
            Ok(event.event().downcast_ref::<Moved>().expect("a step").step)
        })
        .collect()
}

#[test]
fn a_bad_line_is_one_error_with_its_number_and_the_next_line_is_read() {
    let mut record = line(1);
    record += "\n  \t\n";
    record += &line(2).replace('\n', "\r\n");
    let mut record = record.into_bytes();
    record.extend(b"{\"caf\xe9\": 1}\n\r\nnot JSON\n");
    record.extend(line(3).replace("\"step\":3", "\"step\":-3").bytes());
    record.extend(line(3).replace("record.moved", "record.move").bytes());
    record.extend("x".repeat(5_000).bytes().chain([b'\n']));
    record.extend(b"\x00\x00\x00\n");
    record.extend(line(4).trim_end().bytes());

    let results = results(&*record);
    let texts = [
        "2: line 2 is empty",
        "3: line 3 is empty",
        "5: line 5: the input is not JSON: it is not UTF-8",
        "6: line 6 is empty",
        "7: line 7: the input is not JSON",
        "8: line 8: `record.moved` version 1 does not fit at `data.step`",
        "9: line 9: no linked event is named `record.move` (version 1); did you mean `record.moved`?",
        "10: line 10: the input is 5001 bytes, and the limit is 2000",
        "11: line 11: the input is not JSON",
    ];
    let mut texts = texts.iter();
    for result in &results {
        if let Err(error) = result {
            let text = texts.next().expect("one text for each error");
            assert!(error.starts_with(text), "{error}\nand not\n{text}");
        }
    }
    assert_eq!(texts.next(), None);
    let steps: Vec<_> = results.into_iter().filter_map(Result::ok).collect();
    assert_eq!(
        steps,
        [1, 2, 4],
        "a last line without an end is good if it is whole"
    );
}

#[test]
fn a_record_that_is_cut_off_anywhere_is_read_up_to_there() {
    let lines = [line(1), line(2)];
    let (record, first) = (lines.concat(), lines[0].len());
    for cut in 0..=record.len() {
        let results = results(&record.as_bytes()[..cut]);
        let whole = match cut {
            cut if cut < first - 1 => 0,
            cut if cut < record.len() - 1 => 1,
            _ => 2,
        };
        let (read, rest) = results.split_at(whole);
        assert!(read.iter().all(Result::is_ok), "{cut}");
        match rest {
            [] => assert!([0, first - 1, first, record.len() - 1, record.len()].contains(&cut)),
            [Err(error)] => {
                let number = whole + 1;
                let text = format!("{number}: line {number} is cut off: ");
                assert!(error.starts_with(&text), "{cut}: {error}");
            }
            more => panic!("{cut}: {more:?}"),
        }
    }
}

#[test]
fn a_line_of_the_largest_size_is_read_and_one_byte_more_is_not() {
    let record = line(1);
    let size = record.trim_end().len();
    for end in ["", "\n", "\r\n"] {
        let text = format!("{}{end}", record.trim_end());
        let read = |limit| {
            let mut records = Records::new(codec().size_limit(limit), text.as_bytes());
            (records.next().expect("a line"), records.next().is_none())
        };
        assert!(matches!(read(size), (Ok(_), true)), "{end:?}");
        let (error, was_last) = read(size - 1);
        let error = error.expect_err("it is too large");
        assert!(was_last);
        let RecordError::Line { error, .. } = error else {
            panic!("{end:?}: {error}")
        };
        let whole = size + end.len();
        let limit = size - 1;
        assert_eq!(
            error,
            DecodeError::TooLarge { size: whole, limit },
            "{end:?}"
        );
    }
}

/// Which is interrupted before each byte, and fails in the end.
struct Fails<'a>(&'a [u8], bool);

impl Read for Fails<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match self.0.read(&mut into[..1])? {
            0 => Err(io::Error::other("the disk is gone")),
            some => Ok(some),
        }
    }
}

#[test]
fn an_input_that_fails_is_the_last_item_and_one_that_is_interrupted_goes_on() {
    let record = [&line(1), "{\"half\":"].concat();
    let results = results(BufReader::new(Fails(record.as_bytes(), false)));
    let error = Err("2: line 2 cannot be read: the disk is gone".to_owned());
    assert_eq!(results, [Ok(1), error]);
}

#[test]
fn an_empty_record_has_no_events_and_says_how_many_lines_were_read() {
    let mut records = Records::new(codec(), &b""[..]);
    assert!(records.next().is_none() && records.next().is_none());
    assert_eq!(records.lines(), 0);
    let text = [line(1), line(2)].concat();
    let mut records = Records::new(codec(), text.as_bytes());
    assert_eq!((records.by_ref().count(), records.lines()), (2, 2));
}

// --- Whatever is in it -----------------------------------------------------------------------

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event(name = "record.noted", wire, key = text)]
struct Noted {
    text: String,
    number: f64,
    parts: Vec<(i64, Option<char>)>,
}

fn noted() -> impl Strategy<Value = Noted> {
    let parts = vec(any::<(i64, Option<char>)>(), 0..4);
    let number = proptest::num::f64::NORMAL | proptest::num::f64::ZERO;
    let noted = (any::<String>(), number, parts);
    noted.prop_map(|(text, number, parts)| Noted {
        text,
        number,
        parts,
    })
}

static LINES: LazyLock<Vec<String>> = LazyLock::new(|| (1..=9).map(line).collect());

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn whatever_events_have_in_them_they_come_out_of_the_record_as_they_went_in(
        events in vec(noted(), 0..10),
    ) {
        let dispatcher = Dispatcher::empty().build().expect("wired");
        let record = record(&dispatcher, || {
            for event in &events {
                dispatcher.emit(event.clone());
            }
        });
        prop_assert_eq!(record.lines().count(), events.len());
        let read = read(&record);
        let read: Vec<_> = read.iter().map(|it| it.event().downcast_ref()).collect();
        prop_assert_eq!(read, events.iter().map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn damage_anywhere_spoils_the_lines_it_is_in_and_no_other(
        at in any::<proptest::sample::Index>(),
        damage in vec(any::<u8>(), 1..20),
        inserted in any::<bool>(),
    ) {
        let record = &*LINES;
        let mut damaged = record.concat().into_bytes();
        let at = at.index(damaged.len());
        let end = if inserted { at } else { (at + damage.len()).min(damaged.len()) };
        // The lines that the damage does not touch.
        let mut start = 0;
        let untouched = record.iter().zip(1..).filter_map(|(line, step)| {
            let here = start..start + line.len();
            start = here.end;
            (here.end <= at || end < here.start || end == here.start && damage.ends_with(b"\n"))
                .then_some(step)
        });
        let untouched: Vec<u64> = untouched.collect();
        damaged.splice(at..end, damage.iter().copied());

        let lines = damaged.split_inclusive(|byte| *byte == b'\n').count();
        let results = results(&*damaged);
        prop_assert_eq!(results.len(), lines);
        let read: Vec<_> = results.into_iter().filter_map(Result::ok).collect();
        for step in untouched {
            prop_assert!(read.contains(&step), "{} of {:?}", step, read);
        }
    }
}
