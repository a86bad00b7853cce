//! Which attempts are made, and how the delivery ends.

use std::sync::Arc;
use std::time::Duration;

use event_core::queue::QueueCounts;
use event_core::{Dispatcher, Report};
use event_tests::{Heard, Journal};

use super::{
    Attempt, Paid, TASKS, THREADS, paused_runtime, pays, pays_as_a_task, pays_on_a_thread,
    pays_on_a_thread_unless_declined, pays_unless_declined,
};

/// What happened to one event.
struct Outcome {
    /// The attempts that the handler saw.
    attempts: Vec<String>,
    /// The failures of the report and of `on_failure`.
    failures: Vec<String>,
    /// How many deliveries are done, and how many failed.
    ended: (u64, u64),
}

impl Outcome {
    fn assert(&self, attempts: &[&str], failures: &[&str], ended: (u64, u64)) {
        assert_eq!(self.attempts, attempts);
        assert_eq!(self.failures.len(), failures.len(), "{:?}", self.failures);
        for (failure, expected) in self.failures.iter().zip(failures) {
            assert!(failure.contains(expected), "{failure}");
        }
        assert_eq!(self.ended, ended);
    }
}

#[derive(Clone, Copy, Debug)]
enum Run {
    /// In an `emit_async`.
    Awaited,
    /// As a task of an `emit`.
    Spawned,
    Queued,
}

/// Emits one event to one handler.
fn outcome<F: Copy + 'static>(handler: F, run: Run, attempts: &[Attempt]) -> Outcome {
    let (journal, heard) = (Arc::new(Journal::default()), Heard::default());
    let runtime = paused_runtime();
    let (failures, ended) = runtime.block_on(async {
        let dispatcher = Dispatcher::empty()
            .handler(handler)
            .provide_arc(journal.clone())
            .on_failure(heard.hook())
            .build()
            .expect("wired");
        let event = Paid::failing(attempts);
        match run {
            Run::Awaited => {
                let report = dispatcher.emit_async(event).await;
                assert_eq!(report.handed_over(), 0);
                (
                    shown(&report),
                    (report.done() as u64, report.failed() as u64),
                )
            }
            Run::Spawned => {
                assert_eq!(dispatcher.emit(event).handed_over(), 1);
                let end = dispatcher.shutdown(Duration::from_mins(1)).await;
                assert!(end.is_complete(), "{end}");
                let failures = heard.take();
                let failed = failures.len() as u64;
                (failures, (1 - failed, failed))
            }
            Run::Queued => {
                assert_eq!(dispatcher.emit(event).handed_over(), 1);
                let mut counts = QueueCounts::default();
                for queue in [&TASKS, &THREADS].map(|queue| dispatcher.queue(queue)) {
                    let Ok(queue) = queue else { continue };
                    queue.join().await;
                    counts = queue.counts();
                }
                assert_eq!((counts.depth, counts.running, counts.offered), (0, 0, 1));
                (heard.take(), (counts.done, counts.failed))
            }
        }
    });
    Outcome {
        attempts: journal.take(),
        failures,
        ended,
    }
}

fn shown(report: &Report) -> Vec<String> {
    report.failures().iter().map(ToString::to_string).collect()
}

/// What happened to one event, for each kind of delivery that is tried again.
fn outcomes(attempts: &[Attempt]) -> Vec<Outcome> {
    vec![
        outcome(pays, Run::Awaited, attempts),
        outcome(pays, Run::Spawned, attempts),
        outcome(pays_as_a_task, Run::Queued, attempts),
        outcome(pays_on_a_thread, Run::Queued, attempts),
    ]
}

#[test]
fn a_temporary_failure_heals_and_the_delivery_is_done_once() {
    for outcome in outcomes(&[Attempt::Busy, Attempt::Busy]) {
        outcome.assert(&["1", "2", "3"], &[], (1, 0));
    }
}

#[test]
fn the_failure_of_the_last_attempt_is_that_of_the_delivery() {
    for outcome in outcomes(&[Attempt::Busy; 9]) {
        outcome.assert(&["1", "2", "3", "4"], &["busy"], (0, 1));
    }
}

#[test]
fn a_permanent_error_ends_the_delivery_at_once() {
    for outcome in outcomes(&[Attempt::Busy, Attempt::CardExpired]) {
        outcome.assert(&["1", "2"], &["card expired"], (0, 1));
    }
}

#[test]
fn a_panic_is_tried_again() {
    for outcome in outcomes(&[Attempt::Panics]) {
        outcome.assert(&["1", "2"], &[], (1, 0));
    }
}

#[test]
fn a_call_that_times_out_is_tried_again_and_each_attempt_has_the_whole_timeout() {
    for run in [Run::Awaited, Run::Spawned] {
        let attempts = [Attempt::Hangs, Attempt::Hangs, Attempt::Hangs];
        outcome(pays, run, &attempts).assert(&["1", "2", "3", "4"], &[], (1, 0));
    }
}

#[test]
fn an_error_that_the_condition_refuses_ends_the_delivery_at_once() {
    let attempts = [Attempt::Busy, Attempt::Declined];
    for run in [Run::Awaited, Run::Spawned] {
        let ended = outcome(pays_unless_declined, run, &attempts);
        ended.assert(&["1", "2"], &["declined"], (0, 1));
    }
    let ended = outcome(pays_on_a_thread_unless_declined, Run::Queued, &attempts);
    ended.assert(&["1", "2"], &["declined"], (0, 1));
}

#[test]
fn a_panic_is_tried_again_whatever_the_condition() {
    let ended = outcome(pays_unless_declined, Run::Awaited, &[Attempt::Panics]);
    ended.assert(&["1", "2"], &[], (1, 0));
}

#[test]
fn an_error_that_says_when_to_try_again_is_heeded() {
    let (journal, wait) = (Arc::new(Journal::default()), Duration::from_hours(2));
    paused_runtime().block_on(async {
        let dispatcher = Dispatcher::empty()
            .handler(pays)
            .handler(pays_as_a_task)
            .provide_arc(journal.clone())
            .build()
            .expect("wired");
        let start = tokio::time::Instant::now();
        let report = dispatcher
            .emit_async(Paid::failing(&[Attempt::TryIn(wait)]))
            .await;
        assert_eq!((report.done(), report.handed_over()), (1, 1));
        dispatcher
            .queue(&TASKS)
            .expect("it has a handler")
            .join()
            .await;
        let took = start.elapsed();
        assert!(took >= wait && took < 2 * wait, "{took:?}");
        assert_eq!(journal.take(), ["1", "1", "2", "2"]);
    });
}
