//! Catch-alls, breaks and filters of queued handlers.

use std::sync::Arc;

use event_core::queue::Queue;
use event_core::report::DeliveryStatus;
use event_core::{AnyEvent, Dispatcher, Event, handler};
use event_tests::{Journal, quiet_panic, runtime};
use pollster::block_on;

use super::{Caused, Job, LONG};

static EVERYTHING: Queue = Queue::new("everything");

#[derive(Event)]
struct Wrapped<T: Send + Sync + 'static>(T);

#[derive(Event)]
#[event(name = "queues.named")]
struct FunctionId;

#[handler(queue = EVERYTHING)]
fn see_everything(event: &dyn AnyEvent, journal: &Journal) {
    let name = event.name();
    let (name, _) = name.split_once('<').unwrap_or((name, ""));
    journal.write(name.rsplit("::").next().unwrap_or(name));
}

#[handler(queue = EVERYTHING, events = "queues.*")]
async fn see_named(event: &dyn AnyEvent, journal: &Journal) {
    journal.write(format!("and {}", event.name()));
}

#[test]
fn a_queued_catch_all_sees_every_event_even_generic_ones() {
    let (runtime, journal) = (runtime(), Arc::new(Journal::default()));
    let dispatcher = Dispatcher::empty()
        .handler(see_everything)
        .handler(see_named)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    assert_eq!(dispatcher.emit(Wrapped(1_u8)).handed_over(), 1);
    assert_eq!(dispatcher.emit(FunctionId).handed_over(), 2);
    assert_eq!(dispatcher.emit(Caused).handed_over(), 1);
    assert!(
        dispatcher
            .queue(&EVERYTHING)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
    assert_eq!(
        journal.take(),
        ["Wrapped", "queues.named", "and queues.named", "Caused"]
    );
}

static STOPPED: Queue = Queue::new("stopped");

#[derive(Event)]
#[event(stoppable)]
struct KeyPressed(char);

#[handler]
fn shortcut(key: &KeyPressed) -> std::ops::ControlFlow<()> {
    if key.0 == 'q' {
        std::ops::ControlFlow::Break(())
    } else {
        std::ops::ControlFlow::Continue(())
    }
}

#[handler(queue = STOPPED)]
fn type_it(_key: &KeyPressed, journal: &Journal) {
    journal.write("queued");
}

#[handler]
async fn echo(_key: &KeyPressed, journal: &Journal) {
    journal.write("async");
}

#[test]
fn break_keeps_a_stoppable_event_from_queues_and_tasks_in_every_form_of_emit() {
    let (runtime, journal) = (runtime(), Arc::new(Journal::default()));
    let dispatcher = Dispatcher::empty()
        .handler(shortcut)
        .handler(type_it)
        .handler(echo)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    let reports = [
        dispatcher.emit(KeyPressed('q')),
        dispatcher
            .fail_fast()
            .emit(KeyPressed('q'))
            .into_result()
            .expect("no failure"),
        dispatcher
            .emit_blocking(KeyPressed('q'))
            .expect("no runtime"),
        block_on(dispatcher.emit_async(KeyPressed('q')).into_future()),
    ];
    for report in reports {
        let counts = (report.done(), report.skipped(), report.handed_over());
        assert_eq!(counts, (1, 2, 0), "{report}");
    }
    assert_eq!(
        dispatcher
            .queue(&STOPPED)
            .expect("a handler names it")
            .counts()
            .offered,
        0
    );
    let report = block_on(dispatcher.emit_async(KeyPressed('x')).into_future());
    assert_eq!((report.done(), report.handed_over()), (2, 1), "{report}");
    assert!(
        dispatcher
            .queue(&STOPPED)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
    let mut lines = journal.take();
    lines.sort();
    assert_eq!(lines, ["async", "queued"]);
}

static FILTERED: Queue = Queue::new("filtered");

thread_local! {
    static ASKED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

fn is_even(job: &Job) -> bool {
    ASKED.set(ASKED.get() + 1);
    if job.0 == 99 {
        quiet_panic();
    }
    job.0.is_multiple_of(2)
}

#[handler(queue = FILTERED, filter = is_even)]
fn filtered(job: &Job, journal: &Journal) {
    assert_eq!(ASKED.get(), 0, "not on this thread");
    journal.write(job.0.to_string());
}

#[test]
fn a_filter_is_asked_once_on_the_emitters_thread() {
    let (runtime, journal) = (runtime(), Arc::new(Journal::default()));
    let dispatcher = Dispatcher::empty()
        .handler(filtered)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    let report = dispatcher.emit(Job(2));
    assert_eq!((report.handed_over(), report.skipped()), (1, 0));
    let report = dispatcher.emit(Job(3));
    assert_eq!((report.handed_over(), report.skipped()), (0, 1));
    let report = dispatcher.emit(Job(99));
    assert_eq!((report.handed_over(), report.panicked()), (0, 1));
    assert_eq!(report.failures()[0].ended(), Some(DeliveryStatus::Panicked));
    assert!(
        dispatcher
            .queue(&FILTERED)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
    assert_eq!(ASKED.get(), 3);
    assert_eq!(journal.take(), ["2"]);
    assert_eq!(
        dispatcher
            .queue(&FILTERED)
            .expect("a handler names it")
            .counts()
            .offered,
        1
    );
}
