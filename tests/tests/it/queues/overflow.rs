//! How a delivery ends that is offered to a full queue, and how it is counted.

use std::future::IntoFuture;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use event_core::error::RedeliverError;
use event_core::queue::{Overflow, Queue, QueueCounts};
use event_core::report::DeliveryStatus;
use event_core::{Dispatcher, Event, Report, handler};
use event_tests::{Gate, Journal, poll_once, runtime, until};
use pollster::block_on;
use tokio::runtime::Runtime;

const LONG: Duration = Duration::from_mins(1);

static THREAD: Queue = Queue::new("thread").capacity(2);
static TASK: Queue = Queue::new("task").capacity(2);

#[derive(Event)]
struct Job(u32);

#[handler(queue = THREAD)]
fn on_a_thread(job: &Job, gate: &Gate, journal: &Journal) {
    gate.pass_blocking();
    journal.write(job.0.to_string());
}

#[handler(queue = TASK)]
async fn as_a_task(job: &Job, gate: &Gate, journal: &Journal) {
    gate.pass().await;
    journal.write(job.0.to_string());
}

/// A queue with capacity for two and one consumer. The consumer runs 0, and 1 and 2 wait.
struct Full {
    dispatcher: Dispatcher,
    queue: &'static Queue,
    gate: Arc<Gate>,
    journal: Arc<Journal>,
    /// The failures that `on_failure` was called with.
    failures: Arc<Journal>,
    _runtime: Runtime,
}

impl Full {
    /// Makes a full queue for each kind of consumer.
    fn of(overflow: Overflow) -> [Self; 2] {
        [
            Self::with(on_a_thread, &THREAD, overflow),
            Self::with(as_a_task, &TASK, overflow),
        ]
    }

    fn with<F: Copy + 'static>(handler: F, queue: &'static Queue, overflow: Overflow) -> Self {
        let runtime = runtime();
        let (gate, journal) = (Arc::new(Gate::default()), Arc::new(Journal::default()));
        let failures = Arc::new(Journal::default());
        let heard = failures.clone();
        let dispatcher = Dispatcher::empty()
            .handler(handler)
            .configure(queue, |queue| queue.overflow(overflow))
            .on_failure(move |failure| heard.write(failure.to_string()))
            .provide_arc(gate.clone())
            .provide_arc(journal.clone())
            .runtime(runtime.handle().clone())
            .build()
            .expect("wired");
        assert_eq!(dispatcher.emit(Job(0)).handed_over(), 1);
        gate.wait_for(1);
        assert_eq!(dispatcher.emit(Job(1)).handed_over(), 1);
        assert_eq!(dispatcher.emit(Job(2)).handed_over(), 1);
        let full = Self {
            dispatcher,
            queue,
            gate,
            journal,
            failures,
            _runtime: runtime,
        };
        assert_eq!((full.counts().running, full.counts().depth), (1, 2));
        full
    }

    fn counts(&self) -> QueueCounts {
        let counts = self
            .dispatcher
            .queue(self.queue)
            .expect("a handler names it")
            .counts();
        let waiting = (counts.depth + counts.running) as u64;
        let ended = counts.done + counts.failed + counts.abandoned;
        assert_eq!(
            counts.offered,
            waiting + ended + counts.dropped + counts.rejected,
            "{counts:?}"
        );
        counts
    }

    /// Lets all handlers continue. Returns what ran, in order.
    fn drain(&self) -> Vec<String> {
        self.gate.open(1000);
        assert!(
            self.dispatcher
                .queue(self.queue)
                .expect("a handler names it")
                .join_blocking(LONG)
        );
        assert_eq!(self.counts().high_water, 2);
        self.journal.take()
    }
}

fn is_full(report: &Report) {
    assert_eq!((report.handed_over(), report.rejected()), (0, 1));
    let [failure] = report.failures() else {
        panic!("one failure: {report}")
    };
    assert!(failure.is_full());
    assert_eq!(failure.ended(), Some(DeliveryStatus::Rejected));
}

#[test]
fn reject_is_a_failure_in_every_form_of_emit() {
    for full in Full::of(Overflow::Reject) {
        is_full(&full.dispatcher.emit(Job(3)));
        is_full(&full.dispatcher.emit_blocking(Job(4)).expect("no runtime"));
        is_full(&block_on(full.dispatcher.emit_async(Job(5)).into_future()));
        let error = full
            .dispatcher
            .fail_fast()
            .emit(Job(6))
            .into_result()
            .expect_err("it is full");
        is_full(error.report());
        let text = format!("queue `{}` is full (2 wait)", full.queue.name());
        assert!(error.to_string().ends_with(&text), "{error}");
        assert_eq!((full.counts().rejected, full.counts().offered), (4, 7));
        assert_eq!(full.drain(), ["0", "1", "2"]);
        assert_eq!((full.counts().done, full.counts().waits), (3, 0));
    }
}

/// Checks how a full queue that drops counts an emit, and what is left in the queue.
fn drops(overflow: Overflow, handed_over_and_dropped: (usize, usize), left: [&str; 3]) {
    for full in Full::of(overflow) {
        for report in [
            full.dispatcher.emit(Job(3)),
            full.dispatcher.emit_blocking(Job(4)).expect("no runtime"),
            block_on(full.dispatcher.emit_async(Job(5)).into_future()),
            full.dispatcher
                .fail_fast()
                .emit(Job(6))
                .into_result()
                .expect("no failure"),
        ] {
            assert!(report.is_ok());
            let counts = (report.handed_over(), report.dropped());
            assert_eq!(counts, handed_over_and_dropped);
        }
        assert_eq!((full.counts().dropped, full.counts().offered), (4, 7));
        assert_eq!(full.drain(), left);
        assert_eq!(full.counts().done, 3);
    }
}

#[test]
fn drop_newest_drops_what_comes_and_is_no_failure() {
    drops(Overflow::DropNewest, (0, 1), ["0", "1", "2"]);
}

#[test]
fn drop_oldest_makes_room_and_is_no_failure() {
    drops(Overflow::DropOldest, (1, 0), ["0", "5", "6"]);
}

#[test]
fn emit_never_waits_and_says_that_a_waiting_queue_is_full() {
    for full in Full::of(Overflow::Wait) {
        is_full(&full.dispatcher.emit(Job(3)));
        is_full(
            full.dispatcher
                .fail_fast()
                .emit(Job(4))
                .into_result()
                .expect_err("full")
                .report(),
        );
        assert_eq!((full.counts().rejected, full.counts().waits), (2, 0));
        assert_eq!(full.drain(), ["0", "1", "2"]);
    }
}

#[test]
fn emit_async_waits_for_room() {
    for full in Full::of(Overflow::Wait) {
        let mut emission = pin!(full.dispatcher.emit_async(Job(3)).into_future());
        assert!(poll_once(emission.as_mut()).is_pending());
        assert_eq!((full.counts().waits, full.counts().offered), (1, 3));
        full.gate.open(1);
        let report = block_on(emission);
        assert_eq!((report.handed_over(), report.rejected()), (1, 0));
        assert_eq!(full.drain(), ["0", "1", "2", "3"]);
    }
}

#[test]
fn emit_async_that_is_dropped_while_it_waits_leaves_the_queue_as_it_was() {
    for full in Full::of(Overflow::Wait) {
        {
            let mut emission = pin!(full.dispatcher.emit_async(Job(3)).into_future());
            assert!(poll_once(emission.as_mut()).is_pending());
        }
        assert_eq!(full.counts().offered, 3);
        let failures = full.failures.take();
        assert!(failures[0].contains("1 delivery cancelled"), "{failures:?}");
        assert_eq!(failures.len(), 1, "the loss is told once: {failures:?}");
        let mut emission = pin!(full.dispatcher.emit_async(Job(4)).into_future());
        assert!(poll_once(emission.as_mut()).is_pending());
        full.gate.open(1);
        assert_eq!(block_on(emission).handed_over(), 1);
        assert_eq!(full.drain(), ["0", "1", "2", "4"]);
    }
}

#[test]
fn emit_blocking_waits_for_room_on_a_plain_thread() {
    for full in Full::of(Overflow::Wait) {
        thread::scope(|scope| {
            let waiting = scope.spawn(|| full.dispatcher.emit_blocking(Job(3)));
            until("the emitter waits for room", || full.counts().waits == 1);
            assert!(!waiting.is_finished());
            full.gate.open(1);
            let report = waiting.join().expect("no panic").expect("no runtime");
            assert_eq!((report.handed_over(), report.rejected()), (1, 0));
        });
        assert_eq!(full.drain(), ["0", "1", "2", "3"]);
    }
}

#[test]
fn emit_blocking_inside_of_a_runtime_is_an_error_and_emits_nothing() {
    let [full, _] = Full::of(Overflow::Wait);
    let error = runtime().block_on(async { full.dispatcher.emit_blocking(Job(3)) });
    let error = error.expect_err("a runtime would stand still").to_string();
    assert!(error.contains("use `emit_async(…).await`"), "{error}");
    assert_eq!(full.counts().offered, 3);
}

static CAUSING_THREAD: Queue = Queue::new("causing-thread");
static CAUSING_TASK: Queue = Queue::new("causing-task");

#[derive(Event)]
struct Cause;

#[handler(queue = CAUSING_THREAD)]
fn cause_on_a_thread(_cause: &Cause) -> Job {
    Job(3)
}

#[handler(queue = CAUSING_TASK)]
async fn cause_as_a_task(_cause: &Cause) -> Job {
    Job(3)
}

#[handler]
async fn cause_detached(_cause: &Cause) -> Job {
    Job(3)
}

fn a_cause_waits<F: Copy + 'static>(causes: F, through: Option<&'static Queue>) {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let journal = Arc::new(Journal::default());
    let dispatcher = Dispatcher::empty()
        .handler(on_a_thread)
        .handler(causes)
        .provide_arc(gate.clone())
        .provide_arc(journal.clone())
        .on_failure(|failure| panic!("{failure}"))
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    dispatcher.emit(Job(0));
    gate.wait_for(1);
    dispatcher.emit(Job(1));
    dispatcher.emit(Job(2));
    dispatcher.emit(Cause);
    let queue = dispatcher.queue(&THREAD).expect("a handler names it");
    until("what was caused waits for room", || {
        queue.counts().waits == 1
    });
    if let Some(through) = through {
        // A delivery runs until the events that it caused are in their queue.
        assert_eq!(
            dispatcher
                .queue(through)
                .expect("a handler names it")
                .counts()
                .running,
            1
        );
    }
    gate.open(10);
    if let Some(through) = through {
        assert!(
            dispatcher
                .queue(through)
                .expect("a handler names it")
                .join_blocking(LONG)
        );
    }
    until("all four have run", || queue.counts().done == 4);
    assert_eq!(journal.take(), ["0", "1", "2", "3"]);
    assert_eq!(queue.counts().rejected, 0);
}

#[test]
fn a_queued_handler_that_causes_an_event_for_a_full_queue_waits_on_its_thread() {
    a_cause_waits(cause_on_a_thread, Some(&CAUSING_THREAD));
}

#[test]
fn a_queued_handler_that_causes_an_event_for_a_full_queue_waits_as_a_task() {
    a_cause_waits(cause_as_a_task, Some(&CAUSING_TASK));
}

#[test]
fn a_detached_handler_that_causes_an_event_for_a_full_queue_waits() {
    a_cause_waits(cause_detached, None);
}

#[test]
fn redeliver_delivers_once() {
    for overflow in [Overflow::Wait, Overflow::Reject] {
        for full in Full::of(overflow) {
            let report = full.dispatcher.emit(Job(3));
            let failure = &report.failures()[0];
            {
                let mut redelivery = pin!(failure.redeliver());
                assert!(poll_once(redelivery.as_mut()).is_pending(), "no room yet");
            }
            // The dropped future has redelivered nothing.
            let mut redelivery = pin!(failure.redeliver());
            assert!(poll_once(redelivery.as_mut()).is_pending());
            full.gate.open(1);
            assert_eq!(block_on(redelivery), Ok(()));
            assert_eq!(block_on(failure.redeliver()), Err(RedeliverError::Again));
            assert_eq!(failure.redeliver_blocking(), Err(RedeliverError::Again));
            assert_eq!(full.drain(), ["0", "1", "2", "3"]);
            let counts = full.counts();
            assert_eq!((counts.offered, counts.done, counts.rejected), (5, 4, 1));
        }
    }
}

#[test]
fn redeliver_blocking_delivers_once_on_whatever_number_of_threads() {
    for full in Full::of(Overflow::Reject) {
        let report = full.dispatcher.emit(Job(3));
        let failure = &report.failures()[0];
        let ended = thread::scope(|scope| {
            let redeliver = || scope.spawn(|| failure.redeliver_blocking());
            let threads = [redeliver(), redeliver(), redeliver()];
            full.gate.open(1000);
            threads.map(|thread| thread.join().expect("no panic"))
        });
        assert_eq!(
            ended.iter().filter(|ended| ended.is_ok()).count(),
            1,
            "{ended:?}"
        );
        assert_eq!(full.drain(), ["0", "1", "2", "3"]);
    }
}

#[test]
fn a_redelivery_that_comes_too_late_takes_nobody_elses_room() {
    for full in Full::of(Overflow::Wait) {
        let report = full.dispatcher.emit(Job(3));
        let failure = &report.failures()[0];
        let mut first = pin!(failure.redeliver());
        let mut second = pin!(failure.redeliver());
        let mut third = pin!(full.dispatcher.emit_async(Job(4)).into_future());
        assert!(poll_once(first.as_mut()).is_pending());
        let again = poll_once(second.as_mut());
        assert!(poll_once(third.as_mut()).is_pending());
        full.gate.open(1000);
        assert_eq!(block_on(first), Ok(()));
        let again = match again {
            std::task::Poll::Ready(again) => again,
            std::task::Poll::Pending => block_on(second),
        };
        assert_eq!(again, Err(RedeliverError::Again));
        assert_eq!(block_on(third).handed_over(), 1);
        assert_eq!(full.drain(), ["0", "1", "2", "3", "4"]);
    }
}

#[test]
fn what_found_no_room_can_be_redelivered_only_while_there_is_a_dispatcher() {
    for full in Full::of(Overflow::Reject) {
        let report = full.dispatcher.emit(Job(3));
        full.gate.open(1000);
        assert!(full.dispatcher.shutdown(LONG).blocking().is_complete());
        let failure = &report.failures()[0];
        assert_eq!(failure.redeliver_blocking(), Err(RedeliverError::Closed));
        drop(full);
        assert_eq!(failure.redeliver_blocking(), Err(RedeliverError::Closed));
    }
}

static NARROW: Queue = Queue::new("narrow").capacity(1).overflow(Overflow::Reject);

#[derive(Event)]
struct Part;

#[handler(queue = NARROW)]
async fn handle_part(_part: &Part, journal: &Journal) {
    journal.write("part");
}

/// A handler in a task. Its caused events have no report, so their failures come to `on_failure` alone.
#[handler]
async fn causes_from_a_task(_event: &FromTask) -> Vec<Part> {
    (0..4).map(|_| Part).collect()
}

#[derive(Event)]
struct FromTask;

#[test]
fn what_was_rejected_behind_the_report_is_redelivered_from_the_failure_hook() {
    let (runtime, journal) = (runtime(), Arc::new(Journal::default()));
    let handle = runtime.handle().clone();
    let dispatcher = Dispatcher::empty()
        .handler(causes_from_a_task)
        .handler(handle_part)
        .provide_arc(journal.clone())
        .on_failure(move |failure| {
            assert!(failure.is_full(), "{failure}");
            handle.spawn(failure.redeliver());
        })
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    let queue = dispatcher.queue(&NARROW).expect("a handler names it");
    queue.pause();
    dispatcher.emit(FromTask);
    until("three are rejected", || queue.counts().rejected == 3);
    queue.resume();
    until("all four have run", || queue.counts().done == 4);
    assert_eq!(journal.take().len(), 4);
}
