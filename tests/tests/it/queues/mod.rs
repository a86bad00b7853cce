//! What runs where, how much at once, in which order, and what is counted.

mod deadlocks;
mod endings;
mod local;
mod overflow;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use event_core::queue::{Overflow, Queue, QueueCounts};
use event_core::report::Ended;
use event_core::{AnyEvent, Dispatcher, Event, handler};
use event_tests::{Gate, Journal, poll_once, quiet_panic, runtime, until};
use pollster::block_on;
use tokio::runtime::Runtime;

const LONG: Duration = Duration::from_mins(1);

static THREADS: Queue = Queue::new("threads").consumers(3);
static TASKS: Queue = Queue::new("tasks").consumers(3);
static MIXED: Queue = Queue::new("mixed");

#[derive(Event)]
struct Job(u32);

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
        .only(on_a_thread)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..20 {
        assert_eq!(dispatcher.emit(Job(number)).handed_over(), 1);
    }
    assert!(dispatcher.queue(&THREADS).join_blocking(LONG));
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
        .only(as_a_task)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..20 {
        dispatcher.emit(Job(number));
    }
    block_on(dispatcher.queue(&TASKS).join());
    assert_eq!(journal.take(), vec!["worker"; 20]);
}

#[test]
fn a_queue_with_a_sync_handler_runs_its_async_handlers_on_its_threads_too() {
    let (runtime, journal) = (runtime(), Arc::new(Journal::default()));
    let dispatcher = Dispatcher::empty()
        .only(mixed_with_async)
        .only(mixed_with_sync)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    assert_eq!(dispatcher.emit(Job(1)).handed_over(), 2);
    assert!(dispatcher.queue(&MIXED).join_blocking(LONG));
    assert_eq!(journal.take(), ["mixed-0", "mixed-0"]);
}

static MANY_THREADS: Queue = Queue::new("many-threads").consumers(3);
static MANY_TASKS: Queue = Queue::new("many-tasks").consumers(3);

/// How many are inside at once, and the most there ever were.
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
        .only(handler)
        .provide_arc(gate.clone())
        .provide_arc(inside.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..8 {
        dispatcher.emit(Job(number));
    }
    gate.wait_for(3);
    let counts = dispatcher.queue(queue).counts();
    assert_eq!((counts.running, counts.depth), (3, 5));
    gate.open(1);
    gate.wait_for(1);
    let counts = dispatcher.queue(queue).counts();
    assert_eq!((counts.running, counts.depth, counts.done), (3, 4, 1));
    assert!(!gate.has_more());
    gate.open(7);
    assert!(dispatcher.queue(queue).join_blocking(LONG));
    assert_eq!(inside.most.load(Ordering::SeqCst), 3);
    let counts = dispatcher.queue(queue).counts();
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
        .only(yields_once)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 1..=2 {
        dispatcher.emit(Job(number));
    }
    runtime.block_on(dispatcher.queue(&YIELDING).join());
    assert_eq!(journal.take()[..2], ["begin 1", "begin 2"]);
}

static LANES: Queue = Queue::new("lanes").consumers(4);
static LANES_OF_TASKS: Queue = Queue::new("lanes-of-tasks").consumers(4);

#[derive(Event)]
#[event(key = customer)]
struct Ordered {
    customer: u32,
    number: u32,
}

#[derive(Event)]
#[event(key = customer)]
struct Paid {
    customer: u32,
    number: u32,
}

/// The same value as a customer's, of another type.
#[derive(Event)]
#[event(key = warehouse)]
struct Stocked {
    warehouse: u64,
}

fn write(journal: &Journal, what: &str, customer: u32, number: u32) {
    journal.write(format!("{customer}: {what} {number}"));
}

#[handler(queue = LANES)]
fn ordered(event: &Ordered, gate: &Gate, journal: &Journal) {
    if event.number == 0 {
        gate.pass_blocking();
    }
    write(journal, "ordered", event.customer, event.number);
}

#[handler(queue = LANES)]
fn paid(event: &Paid, journal: &Journal) {
    write(journal, "paid", event.customer, event.number);
}

#[handler(queue = LANES)]
fn stocked(event: &Stocked, journal: &Journal) {
    journal.write(format!("stocked {}", event.warehouse));
}

#[handler(queue = LANES_OF_TASKS)]
async fn ordered_as_a_task(event: &Ordered, gate: &Gate, journal: &Journal) {
    if event.number == 0 {
        gate.pass().await;
    }
    tokio::task::yield_now().await;
    write(journal, "ordered", event.customer, event.number);
}

#[handler(queue = LANES_OF_TASKS)]
async fn paid_as_a_task(event: &Paid, journal: &Journal) {
    tokio::task::yield_now().await;
    write(journal, "paid", event.customer, event.number);
}

#[handler(queue = LANES_OF_TASKS)]
async fn stocked_as_a_task(event: &Stocked, journal: &Journal) {
    journal.write(format!("stocked {}", event.warehouse));
}

fn lanes_keep_their_order_and_run_side_by_side(
    builder: event_core::DispatcherBuilder,
    queue: &'static Queue,
) {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let journal = Arc::new(Journal::default());
    let dispatcher = builder
        .provide_arc(gate.clone())
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..5 {
        dispatcher.emit(Ordered {
            customer: 1,
            number,
        });
        dispatcher.emit(Paid {
            customer: 1,
            number,
        });
    }
    gate.wait_for(1);
    // What the first customer's lane holds back holds nobody else back.
    dispatcher.emit(Stocked { warehouse: 1 });
    for number in 1..4 {
        dispatcher.emit(Ordered {
            customer: 2,
            number,
        });
        dispatcher.emit(Paid {
            customer: 2,
            number,
        });
    }
    let mut lines = Vec::new();
    until("seven lines are written", || {
        lines.extend(journal.take());
        lines.len() == 7
    });
    assert!(lines.contains(&"stocked 1".to_owned()), "{lines:?}");
    lines.retain(|line| line.starts_with("2:"));
    let second = (1..4).flat_map(|n| [format!("2: ordered {n}"), format!("2: paid {n}")]);
    assert_eq!(lines, second.collect::<Vec<_>>());
    until("one call runs", || {
        dispatcher.queue(queue).counts().running == 1
    });
    assert_eq!(dispatcher.queue(queue).counts().depth, 9);

    gate.open(1);
    assert!(dispatcher.queue(queue).join_blocking(LONG));
    let first = (0..5).flat_map(|n| [format!("1: ordered {n}"), format!("1: paid {n}")]);
    assert_eq!(journal.take(), first.collect::<Vec<_>>());
}

#[test]
fn events_of_one_key_run_in_order_and_others_meanwhile_on_threads() {
    let builder = Dispatcher::empty().only(ordered).only(paid).only(stocked);
    lanes_keep_their_order_and_run_side_by_side(builder, &LANES);
}

#[test]
fn events_of_one_key_run_in_order_and_others_meanwhile_as_tasks() {
    let builder = Dispatcher::empty()
        .only(ordered_as_a_task)
        .only(paid_as_a_task)
        .only(stocked_as_a_task);
    lanes_keep_their_order_and_run_side_by_side(builder, &LANES_OF_TASKS);
}

static FREED: Queue = Queue::new("freed").consumers(4);
static FREED_TASKS: Queue = Queue::new("freed-tasks").consumers(4);

#[handler(queue = FREED)]
fn fails_on_a_thread(event: &Ordered, journal: &Journal) -> Result<(), &'static str> {
    journal.write(event.number.to_string());
    match event.number % 3 {
        0 => Err("on purpose"),
        1 => quiet_panic(),
        _ => Ok(()),
    }
}

#[handler(queue = FREED_TASKS, timeout = "1ms")]
async fn fails_as_a_task(event: &Ordered, journal: &Journal) -> Result<(), &'static str> {
    journal.write(event.number.to_string());
    match event.number % 4 {
        0 => Err("on purpose"),
        1 => quiet_panic(),
        2 => std::future::pending().await,
        _ => Ok(()),
    }
}

fn every_end_frees_the_lane<F: Copy + 'static>(handler: F, queue: &'static Queue, failed: u64) {
    let (runtime, journal) = (runtime(), Arc::new(Journal::default()));
    let dispatcher = Dispatcher::empty()
        .only(handler)
        .provide_arc(journal.clone())
        .on_failure(|_| {})
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..12 {
        dispatcher.emit(Ordered {
            customer: 1,
            number,
        });
    }
    assert!(dispatcher.queue(queue).join_blocking(LONG));
    let numbers: Vec<_> = (0..12).map(|number: u32| number.to_string()).collect();
    assert_eq!(journal.take(), numbers);
    let counts = dispatcher.queue(queue).counts();
    assert_eq!((counts.done, counts.failed), (12 - failed, failed));
}

#[test]
fn a_delivery_that_fails_or_panics_frees_its_lane() {
    every_end_frees_the_lane(fails_on_a_thread, &FREED, 8);
}

#[test]
fn a_delivery_that_fails_panics_or_times_out_as_a_task_frees_its_lane() {
    every_end_frees_the_lane(fails_as_a_task, &FREED_TASKS, 9);
}

static PAUSED: Queue = Queue::new("paused");

#[handler(queue = PAUSED)]
fn passes(_job: &Job, gate: &Gate) {
    gate.pass_blocking();
}

#[test]
fn a_paused_queue_starts_nothing_and_takes_more() {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let dispatcher = Dispatcher::empty()
        .only(passes)
        .provide_arc(gate.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    let queue = dispatcher.queue(&PAUSED);
    dispatcher.emit(Job(0));
    gate.wait_for(1);
    queue.pause();
    dispatcher.emit(Job(1));
    dispatcher.emit(Job(2));
    gate.open(3);
    // What ran goes on to its end, and nothing starts after it.
    until("what ran has ended", || queue.counts().done == 1);
    let counts = queue.counts();
    assert_eq!((counts.running, counts.depth), (0, 2));
    assert!(!queue.join_blocking(Duration::ZERO), "two wait");
    queue.resume();
    block_on(queue.join());
    assert_eq!(queue.counts().done, 3);
}

static FIRST: Queue = Queue::new("first");
static SECOND: Queue = Queue::new("second").overflow(Overflow::Reject);

#[derive(Event)]
struct Caused;

#[handler(queue = FIRST)]
fn causes(_job: &Job, gate: &Gate) -> Caused {
    gate.pass_blocking();
    Caused
}

#[handler(queue = SECOND)]
fn is_caused(_event: &Caused) {}

#[test]
fn join_waits_until_what_the_deliveries_caused_was_handed_over() {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let dispatcher = Dispatcher::empty()
        .only(causes)
        .only(is_caused)
        .provide_arc(gate.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    dispatcher.queue(&SECOND).pause();
    for round in 1..50 {
        dispatcher.emit(Job(0));
        let first = dispatcher.queue(&FIRST);
        let mut join = pin!(first.join());
        assert!(poll_once(join.as_mut()).is_pending());
        gate.open(1);
        block_on(join);
        assert_eq!(dispatcher.queue(&SECOND).counts().depth, round);
    }
    dispatcher.queue(&SECOND).resume();
    assert!(dispatcher.queue(&SECOND).join_blocking(LONG));
}

static CHOSEN: Queue = Queue::new("chosen")
    .capacity(1)
    .overflow(Overflow::DropNewest);

#[handler(queue = CHOSEN)]
fn chosen(_job: &Job) {}

fn paused_and_filled(runtime: &Runtime, builder: event_core::DispatcherBuilder) -> QueueCounts {
    let dispatcher = builder
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    dispatcher.queue(&CHOSEN).pause();
    for number in 0..10 {
        dispatcher.emit(Job(number));
    }
    dispatcher.queue(&CHOSEN).counts()
}

#[test]
fn a_builder_chooses_other_numbers_and_the_later_choice_wins() {
    let runtime = runtime();
    let counts = paused_and_filled(&runtime, Dispatcher::empty().only(chosen));
    assert_eq!((counts.depth, counts.dropped), (1, 9));
    let configured = Dispatcher::empty()
        .only(chosen)
        .configure(&CHOSEN, |chosen| {
            chosen.capacity(7).overflow(Overflow::Reject)
        })
        // It changes what was chosen before, not the declaration.
        .configure(&CHOSEN, |chosen| chosen.capacity(3));
    let counts = paused_and_filled(&runtime, configured);
    assert_eq!((counts.depth, counts.dropped, counts.rejected), (3, 0, 7));
}

#[test]
fn two_dispatchers_share_a_queue_and_never_meet() {
    let runtime = runtime();
    let (one_gate, other_gate) = (Arc::new(Gate::default()), Arc::new(Gate::default()));
    let build = |gate: &Arc<Gate>| {
        let builder = Dispatcher::empty().only(passes).provide_arc(gate.clone());
        let builder = builder.runtime(runtime.handle().clone());
        builder.build().expect("wired")
    };
    let (one, other) = (build(&one_gate), build(&other_gate));
    one.emit(Job(0));
    one_gate.wait_for(1);
    // The one consumer of the one is held, that of the other is not.
    other_gate.open(1);
    other.emit(Job(0));
    assert!(other.queue(&PAUSED).join_blocking(LONG));
    other.queue(&PAUSED).pause();
    one_gate.open(2);
    one.emit(Job(1));
    assert!(one.queue(&PAUSED).join_blocking(LONG));
    assert_eq!(one.queue(&PAUSED).counts().done, 2);
    assert_eq!(other.queue(&PAUSED).counts().offered, 1);
}

#[test]
fn a_queue_that_no_handler_names_is_empty() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let queue = dispatcher.queue(&PAUSED);
    queue.pause();
    assert_eq!(queue.counts(), QueueCounts::default());
    block_on(queue.join());
}

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
        .only(see_everything)
        .only(see_named)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    assert_eq!(dispatcher.emit(Wrapped(1_u8)).handed_over(), 1);
    assert_eq!(dispatcher.emit(FunctionId).handed_over(), 2);
    assert_eq!(dispatcher.emit(Caused).handed_over(), 1);
    assert!(dispatcher.queue(&EVERYTHING).join_blocking(LONG));
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
        .only(shortcut)
        .only(type_it)
        .only(echo)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    let reports = [
        dispatcher.emit(KeyPressed('q')),
        dispatcher.try_emit(KeyPressed('q')).expect("no failure"),
        dispatcher
            .emit_blocking(KeyPressed('q'))
            .expect("no runtime"),
        block_on(dispatcher.emit_async(KeyPressed('q')).into_future()),
    ];
    for report in reports {
        let counts = (report.done(), report.skipped(), report.handed_over());
        assert_eq!(counts, (1, 2, 0), "{report}");
    }
    assert_eq!(dispatcher.queue(&STOPPED).counts().offered, 0);
    let report = block_on(dispatcher.emit_async(KeyPressed('x')).into_future());
    assert_eq!((report.done(), report.handed_over()), (2, 1), "{report}");
    assert!(dispatcher.queue(&STOPPED).join_blocking(LONG));
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
        .only(filtered)
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
    assert_eq!(report.failures()[0].ended(), Some(Ended::Panicked));
    assert!(dispatcher.queue(&FILTERED).join_blocking(LONG));
    assert_eq!(ASKED.get(), 3);
    assert_eq!(journal.take(), ["2"]);
    assert_eq!(dispatcher.queue(&FILTERED).counts().offered, 1);
}
