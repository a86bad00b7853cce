//! What observers and reports see of attempts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::observer::{AttemptResult, DeliveryResult, DeliveryView, Observer};
use event_core::{Dispatcher, Emitter, Event, handler};
use event_tests::Journal;

use super::{
    Attempt, Paid, TASKS, THREADS, paused_runtime, pays, pays_as_a_task, pays_on_a_thread,
};

#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn write(&self, line: String) {
        self.0.lock().expect("no observer panics").push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no observer panics"))
    }
}

impl Observer for Told {
    fn delivery_started(&self, delivery: &DeliveryView<'_>) {
        self.write(format!("started {}", delivery.attempt()));
    }

    fn attempt_failed(&self, delivery: &DeliveryView<'_>, attempt: &AttemptResult<'_>) {
        let failure = attempt.failure();
        assert!(attempt.took().is_some());
        assert!(attempt.wait() <= Duration::from_millis(2));
        assert_eq!(failure.handler(), Some(delivery.handler()));
        let meta = failure.meta().expect("an observed event has a meta");
        assert_eq!(meta.attempt(), delivery.attempt());
        assert_eq!(meta.id(), delivery.emission().meta().id());
        self.write(format!("failed {}", delivery.attempt()));
    }

    fn delivery_ended(&self, delivery: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        self.write(format!("{} {}", end.ended(), delivery.attempt()));
    }
}

#[test]
fn an_observer_is_told_of_each_attempt_and_of_one_end() {
    let (told, journal) = (Arc::new(Told::default()), Arc::new(Journal::default()));
    let builders = [
        Dispatcher::empty().handler(pays),
        Dispatcher::empty().handler(pays_as_a_task),
        Dispatcher::empty().handler(pays_on_a_thread),
    ];
    paused_runtime().block_on(async {
        for builder in builders {
            let builder = builder.provide_arc(journal.clone()).observe(told.clone());
            let dispatcher = builder.build().expect("wired");
            for (attempts, end) in [(2, "done 3"), (9, "failed 4")] {
                let event = Paid::failing(&vec![Attempt::Busy; attempts]);
                let _ended = dispatcher.emit_async(event).await;
                for queue in [&TASKS, &THREADS] {
                    if let Ok(queue) = dispatcher.queue(queue) {
                        queue.join().await;
                    }
                }
                let mut expected = Vec::new();
                for attempt in 1..=attempts.min(3) {
                    expected.extend([format!("started {attempt}"), format!("failed {attempt}")]);
                }
                let last = end.split(' ').next_back().expect("a number");
                expected.extend([format!("started {last}"), end.to_owned()]);
                assert_eq!(told.take(), expected);
            }
        }
    });
}

#[derive(Event)]
struct Asked;

#[derive(Event)]
struct Answered;

#[handler(retry(attempts = 2, backoff = "1ms..1ms"))]
async fn answers(
    _event: &Asked,
    emitter: Emitter<Answered>,
    journal: &Journal,
) -> Result<(), &'static str> {
    emitter.emit_after(Answered);
    journal.write("asked");
    Err("busy")
}

#[handler]
fn hears(_event: &Answered, journal: &Journal) {
    journal.write("answered");
}

#[test]
fn what_an_attempt_emitted_is_emitted_though_the_attempt_failed() {
    let journal = Arc::new(Journal::default());
    paused_runtime().block_on(async {
        let dispatcher = Dispatcher::empty()
            .handler(answers)
            .handler(hears)
            .provide_arc(journal.clone())
            .build()
            .expect("wired");
        let report = dispatcher.emit_async(Asked).await;
        assert_eq!((report.done(), report.failed(), report.events()), (2, 1, 3));
        assert_eq!(journal.take(), ["asked", "asked", "answered", "answered"]);
    });
}
