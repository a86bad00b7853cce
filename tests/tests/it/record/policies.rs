//! When a recorder flushes, syncs and rotates.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use event_core::wire::journal::{
    FlushPolicy, JournalBuilder, JournalReader, JournalWriter, Rotation,
};
use event_core::{Dispatcher, Event, handler};
use event_tests::codec;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

const LONG: Duration = Duration::from_mins(1);
const NEVER: Duration = Duration::from_hours(1);

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event(name = "policies.noted", wire)]
struct Noted {
    number: usize,
    text: String,
}

fn noted(number: usize) -> Noted {
    let text = String::new();
    Noted { number, text }
}

/// The journals of a test, one after the other, and what became of each.
#[derive(Clone, Default)]
struct Disk(Arc<(Mutex<Vec<File>>, Condvar)>);

#[derive(Clone, Default)]
struct File {
    bytes: Vec<u8>,
    flushed: usize,
    synced: usize,
    syncs: usize,
    is_closed: bool,
}

/// The writer of one of them.
struct Out {
    disk: Disk,
    index: usize,
}

impl Disk {
    fn files(&self) -> MutexGuard<'_, Vec<File>> {
        self.0.0.lock().expect("no test panics in here")
    }

    fn create(&self) -> Out {
        let mut files = self.files();
        files.push(File::default());
        Out {
            disk: self.clone(),
            index: files.len() - 1,
        }
    }

    /// Waits until the files are so.
    fn until(&self, holds: impl Fn(&[File]) -> bool) {
        let (_, changed) = &*self.0;
        let late = changed
            .wait_timeout_while(self.files(), LONG, |files| !holds(files))
            .expect("no test panics in here")
            .1;
        assert!(!late.timed_out(), "not in {LONG:?}");
    }
}

impl Out {
    fn change(&self, change: impl FnOnce(&mut File)) {
        change(&mut self.disk.files()[self.index]);
        self.disk.0.1.notify_all();
    }

    fn sync(&self) {
        self.change(|file| {
            file.synced = file.flushed;
            file.syncs += 1;
        });
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.change(|file| file.bytes.extend(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.change(|file| file.flushed = file.bytes.len());
        Ok(())
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        self.change(|file| file.is_closed = true);
    }
}

fn builder<W: Write>() -> JournalBuilder<W> {
    JournalWriter::builder(codec())
}

fn observed<W: Write + Send + 'static>(recorder: &JournalWriter<W>) -> Dispatcher {
    let builder = Dispatcher::empty().observe(recorder.clone());
    builder.build().expect("wired")
}

/// The numbers of the events in a journal, each of which is one.
fn numbers(record: &[u8]) -> Vec<usize> {
    let events = JournalReader::new(codec(), record).map(|event| event.expect("an event"));
    let noted = events.map(|event| event.event().downcast_ref::<Noted>().expect("one").number);
    noted.collect()
}

// --- Flush and sync --------------------------------------------------------------------------

/// Sees how far the journal is.
#[handler]
fn look(event: &Noted, disk: &Disk) -> Result<(), String> {
    let files = disk.files();
    let flushed = numbers(&files[0].bytes[..files[0].flushed]);
    let synced = numbers(&files[0].bytes[..files[0].synced]);
    if flushed.contains(&event.number) && synced.contains(&event.number) {
        Ok(())
    } else {
        Err(format!("{} is in {flushed:?} and {synced:?}", event.number))
    }
}

#[test]
fn each_event_is_flushed_and_synced_before_its_handlers_run_on_whichever_thread() {
    let disk = Disk::default();
    let each = builder().sync(FlushPolicy::EachEvent, |out: &Out| {
        out.sync();
        Ok(())
    });
    let recorder = each.start(disk.create()).expect("started");
    let dispatcher = Dispatcher::empty()
        .handler(look)
        .provide(disk)
        .observe(recorder.clone())
        .build()
        .expect("wired");
    thread::scope(|scope| {
        for by in 0..4 {
            let dispatcher = &dispatcher;
            scope.spawn(move || {
                for number in by * 25..(by + 1) * 25 {
                    let report = dispatcher.emit(noted(number));
                    assert!(report.is_ok(), "{report}");
                }
            });
        }
    });
    assert_eq!(recorder.finish().written(), 100);
}

#[test]
fn an_interval_ends_without_another_event_and_begins_with_the_next_one() {
    let disk = Disk::default();
    let soon = FlushPolicy::Interval(Duration::from_millis(1));
    let recorder = builder().flush(soon);
    let recorder = recorder.start(disk.create()).expect("a thread");
    let dispatcher = observed(&recorder);
    for number in 0..3 {
        dispatcher.emit(noted(number));
        disk.until(|files| numbers(&files[0].bytes[..files[0].flushed]).len() == number + 1);
    }
}

#[test]
fn an_interval_of_syncs_ends_without_another_event_too() {
    let disk = Disk::default();
    let soon = FlushPolicy::Interval(Duration::from_millis(1));
    // Whatever is synced is flushed before.
    let recorder = builder().flush(FlushPolicy::Bytes(u64::MAX));
    let recorder = recorder.sync(soon, |out: &Out| {
        out.sync();
        Ok(())
    });
    let recorder = recorder.start(disk.create()).expect("a thread");
    let dispatcher = observed(&recorder);
    for number in 0..3 {
        dispatcher.emit(noted(number));
        disk.until(|files| numbers(&files[0].bytes[..files[0].synced]).len() == number + 1);
        assert_eq!(disk.files()[0].syncs, number + 1, "once for each interval");
    }
}

/// Says that its thread has ended.
struct SaysEnded(Sender<()>);

impl Drop for SaysEnded {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

thread_local! {
    static ENDED: RefCell<Option<SaysEnded>> = const { RefCell::new(None) };
}

/// Puts that into the thread of the interval, and does what it is told with the recorder, once it has
/// one.
struct Watched {
    ended: Sender<()>,
    wrote: Sender<()>,
    fails: bool,
    finishes: Option<Receiver<JournalWriter<Watched>>>,
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if thread::current().name() == Some("event-recorder") {
            ENDED.set(Some(SaysEnded(self.ended.clone())));
        }
        if let Some(recorder) = self.finishes.take() {
            let recorder: JournalWriter<Self> = recorder.recv_timeout(LONG).expect("it is sent");
            let _ = recorder.finish();
        }
        if self.fails {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let _ = self.wrote.send(());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_thread_of_an_interval_ends_with_its_record_however_that_ends() {
    let soon = FlushPolicy::Interval(Duration::from_millis(1));
    for end in [
        "finished",
        "taken",
        "dropped",
        "failed",
        "finished by its writer",
    ] {
        let (ended, has_ended) = mpsc::channel();
        let (wrote, has_written) = mpsc::channel();
        let (send, receive) = mpsc::channel();
        let out = Watched {
            ended,
            wrote,
            fails: end == "failed",
            finishes: (end == "finished by its writer").then_some(receive),
        };
        let recorder = builder().flush(soon).start(out).expect("a thread");
        let _ = send.send(recorder.clone());
        drop(send);
        let dispatcher = observed(&recorder);
        dispatcher.emit(noted(0));
        if end != "failed" {
            has_written.recv_timeout(LONG).expect("it is written");
        }
        match end {
            "finished" => drop(recorder.finish()),
            "taken" => drop(recorder.clone().into_inner()),
            "dropped" => drop(dispatcher),
            _ => {}
        }
        // Another clone keeps no thread.
        let kept = (end != "dropped").then_some(recorder);
        if ["finished", "taken"].contains(&end) {
            has_ended.try_recv().expect("it has been waited for");
        } else {
            has_ended.recv_timeout(LONG).expect(end);
        }
        drop(kept);
    }
}

// --- Rotation --------------------------------------------------------------------------------

#[test]
fn an_age_ends_a_record_with_the_first_event_that_is_too_late_for_it() {
    let disk = Disk::default();
    let next = disk.clone();
    let recorder = builder().rotate(Rotation::age(Duration::ZERO), move || Ok(next.create()));
    let recorder = recorder.start(disk.create()).expect("started");
    let dispatcher = observed(&recorder);
    for number in 0..3 {
        dispatcher.emit(noted(number));
        assert_eq!(
            disk.files().len(),
            number + 1,
            "no journal is begun for nothing"
        );
    }
    for (number, file) in disk.files().iter().enumerate() {
        assert_eq!(
            (numbers(&file.bytes), file.is_closed),
            (vec![number], number < 2)
        );
    }
}

#[test]
fn a_next_record_that_cannot_be_begun_is_told_and_tried_again_and_loses_nothing() {
    let disk = Disk::default();
    let (next, mut tries) = (disk.clone(), 0);
    let recorder = builder().rotate(Rotation::bytes(1), move || {
        tries += 1;
        if tries <= 2 {
            return Err(io::Error::other("no file handle is left"));
        }
        Ok(next.create())
    });
    let recorder = recorder.start(disk.create()).expect("started");
    let dispatcher = observed(&recorder);
    (0..5).for_each(|number| drop(dispatcher.emit(noted(number))));

    let end = recorder.finish();
    assert!(end.is_complete(), "{end}");
    let text = "5 events written\n  not rotated: no file handle is left";
    assert_eq!(end.to_string(), text);
    assert!(end.not_rotated().is_some());
    let records: Vec<_> = disk
        .files()
        .iter()
        .map(|file| numbers(&file.bytes))
        .collect();
    assert_eq!(records, [vec![0, 1, 2], vec![3], vec![4]]);
}

/// What a user may choose, and what happens then.
#[derive(Clone, Debug)]
struct Run {
    flush: FlushPolicy,
    sync: Option<FlushPolicy>,
    bytes: Option<usize>,
    age: Option<Duration>,
    /// Events with so much text, and calls of `flush` between them.
    steps: Vec<Option<usize>>,
}

impl Run {
    fn rotation(&self) -> Option<Rotation> {
        let bytes = self.bytes.map(|bytes| bytes as u64);
        match (bytes, self.age) {
            (None, None) => None,
            (Some(bytes), None) => Some(Rotation::bytes(bytes)),
            (None, Some(age)) => Some(Rotation::age(age)),
            (Some(bytes), Some(age)) => Some(Rotation::age(age).or_bytes(bytes)),
        }
    }
}

fn policy() -> impl Strategy<Value = FlushPolicy> {
    prop_oneof![
        Just(FlushPolicy::EachEvent),
        Just(FlushPolicy::Interval(Duration::ZERO)),
        Just(FlushPolicy::Interval(NEVER)),
        (0_u64..3_000).prop_map(FlushPolicy::Bytes),
        Just(FlushPolicy::Bytes(u64::MAX)),
    ]
}

fn run() -> impl Strategy<Value = Run> {
    let age = prop_oneof![1 => Just(Duration::ZERO), 4 => Just(NEVER)];
    let step = prop_oneof![4 => (0_usize..600).prop_map(Some), 1 => Just(None)];
    let choices = (
        policy(),
        option::of(policy()),
        option::of(0_usize..3_000),
        option::of(age),
        vec(step, 0..40),
    );
    choices.prop_map(|(flush, sync, bytes, age, steps)| Run {
        flush,
        sync,
        bytes,
        age,
        steps,
    })
}

/// The most bytes that may wait under a policy once an emit has returned.
fn most(policy: FlushPolicy) -> usize {
    match policy {
        FlushPolicy::Interval(interval) if !interval.is_zero() => usize::MAX,
        FlushPolicy::Bytes(bytes) => usize::try_from(bytes.saturating_sub(1)).expect("64 bit"),
        _ => 0,
    }
}

/// How far it was after a step.
struct Seen {
    emitted: usize,
    flushed: usize,
    synced: usize,
    was_asked: bool,
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = usize> {
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::len)
}

impl Seen {
    fn new(disk: &Disk, emitted: usize, was_asked: bool) -> Self {
        let files = disk.files();
        let flushed = files
            .iter()
            .map(|it| lines(&it.bytes[..it.flushed]).count());
        let synced = files.iter().map(|it| lines(&it.bytes[..it.synced]).count());
        Self {
            emitted,
            flushed: flushed.sum(),
            synced: synced.sum(),
            was_asked,
        }
    }

    /// No more waits than may, of events that are so long.
    fn is_within(&self, run: &Run, sizes: &[usize]) -> bool {
        let waits = |out: usize| sizes[out..self.emitted].iter().sum::<usize>();
        let may = |policy| if self.was_asked { 0 } else { most(policy) };
        let is_synced = |policy| waits(self.synced) <= may(policy);
        waits(self.flushed) <= may(run.flush) && run.sync.is_none_or(is_synced)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn whatever_is_chosen_all_events_are_in_the_records_in_order_and_none_waits_for_longer(
        run in run(),
    ) {
        let disk = Disk::default();
        let next = disk.clone();
        let mut chosen = builder().flush(run.flush);
        if let Some(sync) = run.sync {
            chosen = chosen.sync(sync, |out: &Out| { out.sync(); Ok(()) });
        }
        if let Some(rotation) = run.rotation() {
            chosen = chosen.rotate(rotation, move || Ok(next.create()));
        }
        let recorder = chosen.start(disk.create()).expect("a thread");
        let dispatcher = observed(&recorder);
        let (mut emitted, mut seen) = (0, Vec::new());
        for step in &run.steps {
            match step {
                Some(length) => {
                    let text = "x".repeat(*length);
                    dispatcher.emit(Noted { number: emitted, text });
                    emitted += 1;
                }
                None => drop(recorder.flush()),
            }
            seen.push(Seen::new(&disk, emitted, step.is_none()));
        }
        let end = recorder.finish();
        prop_assert!(end.is_complete(), "{}", end);
        drop((recorder, dispatcher));

        let files = disk.files().clone();
        let all: Vec<_> = files.iter().map(|file| numbers(&file.bytes)).collect();
        prop_assert_eq!(all.concat(), (0..emitted).collect::<Vec<_>>());
        let sizes: Vec<_> = files.iter().flat_map(|file| lines(&file.bytes)).collect();
        prop_assert_eq!(end.written(), emitted as u64);
        prop_assert_eq!(end.bytes(), sizes.iter().sum::<usize>() as u64);
        prop_assert!(seen.iter().all(|seen| seen.is_within(&run, &sizes)));

        let limit = run.bytes.unwrap_or(usize::MAX);
        for (index, file) in files.iter().enumerate() {
            let size = file.bytes.len();
            prop_assert!(file.is_closed && file.flushed == size);
            prop_assert!(run.sync.is_none() || file.synced == size);
            // The last one is of the end.
            let asked = run.steps.iter().filter(|step| step.is_none()).count() + 1;
            let most = run.sync.map_or(0, |sync| asked + size / (most(sync).saturating_add(1)) + 1);
            prop_assert!(file.syncs <= most, "{} syncs", file.syncs);
            prop_assert!(index == 0 || size > 0, "a journal is begun for an event");
            prop_assert!(size <= limit || lines(&file.bytes).count() == 1);
            if let Some(next) = files.get(index + 1) {
                let first = lines(&next.bytes).next().expect("it has an event");
                let was_full = run.bytes.is_some() && size + first > limit;
                prop_assert!(was_full || run.age == Some(Duration::ZERO), "it had room");
            }
        }
    }
}
