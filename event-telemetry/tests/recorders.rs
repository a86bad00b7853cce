//! What a recorder, and where a recording is dropped, cannot do.
//! Apart from other tests, since it installs the process's recorder of `metrics`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use event_core::{Dispatcher, Event, handler};
use event_telemetry::{Recording, record};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

const LONG: Duration = Duration::from_mins(1);

/// What is done at each look at a dispatcher, wherever it is looked at.
type AtLook = Box<dyn FnMut() + Send>;

static AT_LOOK: Mutex<Option<AtLook>> = Mutex::new(None);

/// The process's recorder, which does what the test says.
struct Told;

impl Recorder for Told {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        if key.name() == "event_observer_panics_total" {
            let mut at_look = AT_LOOK.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(at_look) = &mut *at_look {
                at_look();
            }
        }
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// One test after the other, since they share the recorder.
fn at_look(at_look: impl FnMut() + Send + 'static) -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    static INSTALLED: OnceLock<()> = OnceLock::new();
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    INSTALLED.get_or_init(|| metrics::set_global_recorder(Told).expect("no other recorder"));
    *AT_LOOK.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(at_look));
    turn
}

#[derive(Event)]
struct BellRung;

/// Has the recording of the dispatcher that has it.
struct Slot {
    recording: Mutex<Option<Recording>>,
    _ends: Ends,
}

/// Says where it ends, and whether that is in a panic.
struct Ends(Sender<(Option<String>, bool)>);

impl Drop for Ends {
    fn drop(&mut self) {
        let thread = thread::current().name().map(str::to_owned);
        let _ = self.0.send((thread, thread::panicking()));
    }
}

#[handler]
fn stop(_event: &BellRung, slot: &Slot) {
    drop(slot.recording.lock().expect("the slot").take());
}

fn slot() -> (Arc<Slot>, Receiver<(Option<String>, bool)>) {
    let (ends, ended) = mpsc::channel();
    let slot = Slot {
        recording: Mutex::new(None),
        _ends: Ends(ends),
    };
    (Arc::new(slot), ended)
}

fn recorded(slot: &Arc<Slot>) -> Dispatcher {
    let builder = Dispatcher::builder().provide_arc(Arc::clone(slot));
    let dispatcher = builder.build().expect("a dispatcher");
    *slot.recording.lock().expect("the slot") = Some(record(&dispatcher));
    dispatcher
}

#[test]
fn a_recorder_that_panics_ends_no_recording() {
    let (looked, looks) = mpsc::channel();
    let _turn = at_look(move || {
        let _ = looked.send(());
        panic!("no figures today");
    });
    let dispatcher = Dispatcher::builder().provide_arc(slot().0);
    let dispatcher = dispatcher.build().expect("a dispatcher");
    let recording = record(&dispatcher);
    // The second look comes after the panic of the first.
    for _ in 0..2 {
        looks.recv_timeout(LONG).expect("a look");
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(recording))).is_ok());
    assert_eq!(dispatcher.emit(BellRung).done(), 1);
}

#[test]
fn a_recording_may_end_inside_of_a_handler() {
    let _turn = at_look(|| {});
    let (slot, _) = slot();
    let dispatcher = recorded(&slot);
    assert_eq!(dispatcher.emit(BellRung).done(), 1);
    assert!(slot.recording.lock().expect("the slot").is_none());
}

#[test]
fn a_dispatcher_that_has_its_recording_may_end_in_the_thread_that_looks_at_it() {
    let (looked, looks) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    let _turn = at_look(move || {
        let _ = looked.send(());
        let _ = wait.recv_timeout(LONG);
    });
    let (slot, ended) = slot();
    let dispatcher = recorded(&slot);
    drop(slot);
    looks.recv_timeout(LONG).expect("a look");
    drop(dispatcher);
    drop(go_on);
    let ended = ended.recv_timeout(LONG).expect("an end");
    assert_eq!(ended, (Some("event-metrics".to_owned()), false));
}
