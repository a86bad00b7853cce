//! Where handlers of a queue run, and how many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use event_core::queue::Queue;
use event_core::{Dispatcher, handler};
use event_tests::{Gate, Journal, runtime};
use pollster::block_on;

use super::{Job, LONG};

static THREADS: Queue = Queue::new("threads").consumers(3);

static TASKS: Queue = Queue::new("tasks").consumers(3);

static MIXED: Queue = Queue::new("mixed");

fn name_of_thread() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

#[handler(queue = THREADS)]
fn on_a_thread(_job: &Job, journal: &Journal) {
    journal.write(name_of_thread());
}

#[handler(queue = TASKS)]
async fn as_a_task(_job: &Job, journal: &Journal) {
    tokio::task::yield_now().await;
    assert!(tokio::task::try_id().is_some(), "it is a task");
    journal.write(name_of_thread());
}

#[handler(queue = MIXED)]
fn mixed_with_async(_job: &Job, journal: &Journal) {
    journal.write(name_of_thread());
}

#[handler(queue = MIXED)]
async fn mixed_with_sync(_job: &Job, journal: &Journal) {
    let task = tokio::spawn(tokio::time::timeout(LONG, async {}));
    assert!(task.await.is_ok(), "tasks and timers work");
    journal.write(name_of_thread());
}

#[test]
fn sync_handlers_run_on_threads_named_after_the_queue_and_never_on_the_runtime() {
    let (runtime, journal) = (runtime(), Arc::new(Journal::default()));
    let dispatcher = Dispatcher::empty()
        .handler(on_a_thread)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..20 {
        assert_eq!(dispatcher.emit(Job(number)).handed_over(), 1);
    }
    assert!(
        dispatcher
            .queue(&THREADS)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
    let names = journal.take();
    assert_eq!(names.len(), 20);
    let known = ["threads-0", "threads-1", "threads-2"];
    assert!(
        names.iter().all(|name| known.contains(&&**name)),
        "{names:?}"
    );
}

#[test]
fn async_handlers_run_as_tasks_of_the_runtime() {
    let (runtime, journal) = (runtime(), Arc::new(Journal::default()));
    let dispatcher = Dispatcher::empty()
        .handler(as_a_task)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..20 {
        dispatcher.emit(Job(number));
    }
    block_on(dispatcher.queue(&TASKS).expect("a handler names it").join());
    assert_eq!(journal.take(), vec!["worker"; 20]);
}

#[test]
fn a_queue_with_a_sync_handler_runs_its_async_handlers_on_its_threads_too() {
    let (runtime, journal) = (runtime(), Arc::new(Journal::default()));
    let dispatcher = Dispatcher::empty()
        .handler(mixed_with_async)
        .handler(mixed_with_sync)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    assert_eq!(dispatcher.emit(Job(1)).handed_over(), 2);
    assert!(
        dispatcher
            .queue(&MIXED)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
    assert_eq!(journal.take(), ["mixed-0", "mixed-0"]);
}

static MANY_THREADS: Queue = Queue::new("many-threads").consumers(3);

static MANY_TASKS: Queue = Queue::new("many-tasks").consumers(3);

/// How many handlers run at once, and the most that ever did.
#[derive(Default)]
struct Inside {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Inside {
    fn enter(&self) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
    }

    fn leave(&self) {
        self.now.fetch_sub(1, Ordering::SeqCst);
    }
}

#[handler(queue = MANY_THREADS)]
fn held_on_a_thread(_job: &Job, gate: &Gate, inside: &Inside) {
    inside.enter();
    gate.pass_blocking();
    inside.leave();
}

#[handler(queue = MANY_TASKS)]
async fn held_as_a_task(_job: &Job, gate: &Gate, inside: &Inside) {
    inside.enter();
    gate.pass().await;
    inside.leave();
}

fn as_many_run_at_once_as_there_are_consumers<F: Copy + 'static>(
    handler: F,
    queue: &'static Queue,
) {
    let runtime = runtime();
    let (gate, inside) = (Arc::new(Gate::default()), Arc::new(Inside::default()));
    let dispatcher = Dispatcher::empty()
        .handler(handler)
        .provide_arc(gate.clone())
        .provide_arc(inside.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..8 {
        dispatcher.emit(Job(number));
    }
    gate.wait_for(3);
    let counts = dispatcher
        .queue(queue)
        .expect("a handler names it")
        .counts();
    assert_eq!((counts.running, counts.depth), (3, 5));
    gate.open(1);
    gate.wait_for(1);
    let counts = dispatcher
        .queue(queue)
        .expect("a handler names it")
        .counts();
    assert_eq!((counts.running, counts.depth, counts.done), (3, 4, 1));
    assert!(!gate.has_more());
    gate.open(7);
    assert!(
        dispatcher
            .queue(queue)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
    assert_eq!(inside.most.load(Ordering::SeqCst), 3);
    let counts = dispatcher
        .queue(queue)
        .expect("a handler names it")
        .counts();
    assert_eq!((counts.done, counts.high_water >= 5), (8, true));
}

#[test]
fn as_many_run_at_once_as_there_are_threads() {
    as_many_run_at_once_as_there_are_consumers(held_on_a_thread, &MANY_THREADS);
}

#[test]
fn as_many_run_at_once_as_there_are_tasks() {
    as_many_run_at_once_as_there_are_consumers(held_as_a_task, &MANY_TASKS);
}

static YIELDING: Queue = Queue::new("yielding").consumers(2);

#[handler(queue = YIELDING)]
async fn yields_once(job: &Job, journal: &Journal) {
    journal.write(format!("begin {}", job.0));
    tokio::task::yield_now().await;
    journal.write(format!("end {}", job.0));
}

#[test]
fn a_handler_that_yields_lets_the_other_consumers_go_on() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let journal = Arc::new(Journal::default());
    let dispatcher = Dispatcher::empty()
        .handler(yields_once)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 1..=2 {
        dispatcher.emit(Job(number));
    }
    runtime.block_on(
        dispatcher
            .queue(&YIELDING)
            .expect("a handler names it")
            .join(),
    );
    assert_eq!(journal.take()[..2], ["begin 1", "begin 2"]);
}
