//! `after` among async handlers that `emit` hands to the runtime.

use std::sync::Arc;
use std::time::Duration;

use event_core::{Dispatcher, Event, handler};
use event_tests::{Gate, Journal, runtime};

const LONG: Duration = Duration::from_secs(10);

#[derive(Event)]
struct Filtered;

fn never(_event: &Filtered) -> bool {
    false
}

#[handler(filter = never)]
async fn is_filtered(_event: &Filtered) {}

#[handler(after = is_filtered)]
async fn after_one_that_is_filtered(_event: &Filtered, journal: &Journal) {
    journal.write("after");
}

#[test]
fn a_handler_runs_after_one_whose_filter_does_not_hold() {
    let (runtime, journal) = (runtime(), Arc::new(Journal::default()));
    let dispatcher = Dispatcher::empty()
        .handler(is_filtered)
        .handler(after_one_that_is_filtered)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    let report = dispatcher.emit(Filtered);
    assert_eq!((report.skipped(), report.handed_over()), (1, 1));
    assert!(dispatcher.shutdown(LONG).blocking().is_complete());
    assert_eq!(journal.take(), ["after"]);
}

#[derive(Event)]
struct Crowded;

#[handler(concurrency = 1)]
async fn one_at_a_time(_event: &Crowded, gate: &Gate) {
    gate.pass().await;
}

#[handler(after = one_at_a_time)]
async fn after_one_at_a_time(_event: &Crowded, journal: &Journal) {
    journal.write("after");
}

#[test]
fn a_handler_runs_after_one_that_is_at_its_concurrency() {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let journal = Arc::new(Journal::default());
    let dispatcher = Dispatcher::empty()
        .handler(one_at_a_time)
        .handler(after_one_at_a_time)
        .provide_arc(gate.clone())
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    assert_eq!(dispatcher.emit(Crowded).handed_over(), 2);
    gate.wait_for(1);
    let report = dispatcher.emit(Crowded);
    assert_eq!((report.rejected(), report.handed_over()), (1, 1));
    gate.open(1);
    assert!(dispatcher.shutdown(LONG).blocking().is_complete());
    assert_eq!(journal.take(), ["after", "after"]);
}
