//! What is written of which events.

use std::thread;
use std::time::Duration;

use event_core::wire::EncodeError;
use event_core::wire::journal::{JournalWriter, UnwrittenEvent};
use event_core::{Dispatcher, Emitter, Event, handler};
use event_tests::{codec, quiet_panic, read, record};
use serde::ser::Error;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{LATER, Moved, Seen, Shown, look, look_later, missed, moved, observed, show};

#[test]
fn roots_and_what_they_cause_are_written_as_they_are_emitted_with_their_descent() {
    let runtime = event_tests::runtime();
    let builder = Dispatcher::empty().handler(look).handler(look_later);
    let builder = builder.runtime(runtime.handle().clone());
    let dispatcher = builder.build().expect("wired");
    let record = record(&dispatcher, || {
        for step in [1, 2] {
            dispatcher.emit(moved(step));
            let long = Duration::from_mins(1);
            assert!(
                dispatcher
                    .queue(&LATER)
                    .expect("a handler names it")
                    .join_blocking(long)
            );
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
    let why: Vec<_> = end.missed().iter().map(UnwrittenEvent::why).collect();
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
    assert_eq!(dispatcher.counts().observer_panics, 0);

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
    let recorder = JournalWriter::new(codec(), Vec::new());
    let builder = Dispatcher::empty().handler(look).handler(show);
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
    (1..=10).for_each(|at| emitter.emit_after(Seen(event.step * 100 + at)));
}

#[test]
fn lines_of_many_threads_are_whole_each_thread_keeps_its_order_and_causes_come_first() {
    const THREADS: usize = 4;
    const STEPS: u64 = 200;
    let dispatcher = Dispatcher::empty().handler(count_to_ten).build();
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
