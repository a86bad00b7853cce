//! Queued deliveries when the last dispatcher is dropped, and when it shuts down.

use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use event_core::dispatcher::ShutdownReport;
use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::report::DeliveryStatus;
use event_core::{Dispatcher, Event, handler};
use event_tests::{Gate, Journal, poll_once, runtime, until};
use pollster::block_on;

use super::{HELD, Heard, Job, LONG, TASK, THREAD, adds_up, hears, held, taken};

#[handler(queue = THREAD)]
fn write_on_a_thread(job: &Job, gate: &Gate, journal: &Journal) {
    gate.pass_blocking();
    journal.write(job.0.to_string());
}

#[handler(queue = TASK)]
async fn write_as_a_task(job: &Job, gate: &Gate, journal: &Journal) {
    gate.pass().await;
    journal.write(job.0.to_string());
}

fn drains_after_the_last_dispatcher<F: Copy + 'static>(handler: F, queue: &'static Queue) {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let journal = Arc::new(Journal::default());
    let dispatcher = Dispatcher::empty()
        .handler(handler)
        .configure(queue, |queue| queue.consumers(2))
        .provide_arc(gate.clone())
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..10 {
        dispatcher.emit(Job(number));
    }
    let (clone, handle) = (dispatcher.clone(), dispatcher.handle());
    drop(dispatcher);
    assert!(handle.emit(Job(10)).is_ok(), "a clone is left");
    let queue = clone.queue(queue).expect("a handler names it");
    queue.pause();
    drop(clone);
    assert!(handle.emit(Job(11)).is_err(), "no clone is left");
    // No dispatcher is left, so this pause is ignored.
    queue.pause();
    gate.open(100);
    assert!(queue.join_blocking(LONG), "it was resumed");
    assert_eq!(queue.counts().done, 11);
    // The consumers have ended, and have dropped the dispatcher's state.
    until("the consumers are gone", || {
        Arc::strong_count(&journal) == 1
    });
    let mut numbers: Vec<u32> = journal
        .take()
        .iter()
        .flat_map(|line| line.parse())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..11).collect::<Vec<_>>());
}

#[test]
fn what_is_queued_when_the_last_dispatcher_goes_still_runs_on_threads() {
    drains_after_the_last_dispatcher(write_on_a_thread, &THREAD);
}

#[test]
fn what_is_queued_when_the_last_dispatcher_goes_still_runs_as_tasks() {
    drains_after_the_last_dispatcher(write_as_a_task, &TASK);
}

static UI: LocalQueue<u8> = LocalQueue::new("ui");

#[derive(Event)]
struct Shown;

#[handler(queue = THREAD)]
fn shows(_job: &Job, gate: &Gate) -> Shown {
    gate.pass_blocking();
    Shown
}

#[handler(queue = UI)]
fn show(_event: &Shown) {}

#[test]
fn what_comes_to_a_local_queue_after_the_last_dispatcher_is_abandoned_and_keeps_nothing_alive() {
    let (runtime, heard, gate) = (runtime(), Heard::default(), Arc::new(Gate::default()));
    let dispatcher = hears(Dispatcher::empty().handler(shows).handler(show), &heard)
        .provide_arc(gate.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    dispatcher.emit(Shown);
    dispatcher.emit(Job(0));
    gate.wait_for(1);
    let ui = dispatcher.queue(&UI).expect("a handler names it");
    drop(dispatcher);
    assert_eq!(taken(&heard), [DeliveryStatus::Abandoned]);
    gate.open(1);
    until("the dispatcher is freed", || Arc::strong_count(&gate) == 1);
    assert_eq!(taken(&heard), [DeliveryStatus::Abandoned]);
    assert_eq!(ui.counts().abandoned, 2);
    adds_up(&ui);
}

#[derive(Event)]
struct Hang;

static IDLE: Queue = Queue::new("idle").consumers(3);

#[handler(queue = IDLE)]
fn quick(_job: &Job) {}

#[handler(queue = IDLE)]
async fn quick_too(_job: &Job) {}

#[handler(queue = IDLE)]
fn hangs(_event: &Hang, gate: &Gate) {
    gate.pass_blocking();
}

#[test]
fn a_shutdown_that_runs_out_of_time_names_what_runs_and_not_what_ran() {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let dispatcher = Dispatcher::empty()
        .handler(quick)
        .handler(hangs)
        .provide_arc(gate.clone())
        .on_failure(|_| {})
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for _ in 0..30 {
        dispatcher.emit(Job(0));
    }
    assert!(
        dispatcher
            .queue(&IDLE)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
    dispatcher.emit(Hang);
    gate.wait_for(1);
    let shutdown = dispatcher.shutdown(Duration::ZERO).blocking();
    let [(handler, 1)] = shutdown.abandoned() else {
        panic!("one delivery of one handler: {shutdown}")
    };
    assert!(handler.name().ends_with("hangs"), "{shutdown}");
    gate.open(1);
    until("the abandoned call is over", || {
        Arc::strong_count(&gate) == 2
    });
    drop(dispatcher);
    until("the dispatcher is freed", || Arc::strong_count(&gate) == 1);
}

fn ends_with_the_last_delivery<F: Copy + 'static>(
    handler: F,
    end: impl Fn(&Dispatcher) -> ShutdownReport,
) {
    let runtime = runtime();
    for round in 0..500 {
        let dispatcher = Dispatcher::empty()
            .handler(handler)
            .configure(&IDLE, |idle| idle.consumers(1 + round % 3))
            .runtime(runtime.handle().clone())
            .build()
            .expect("wired");
        dispatcher.emit(Job(0));
        let shutdown = end(&dispatcher);
        assert!(shutdown.is_complete(), "{shutdown}");
        adds_up(&dispatcher.queue(&IDLE).expect("a handler names it"));
        assert_eq!(
            dispatcher
                .queue(&IDLE)
                .expect("a handler names it")
                .counts()
                .done,
            1
        );
    }
}

#[test]
fn a_shutdown_ends_with_the_last_delivery() {
    ends_with_the_last_delivery(quick, |dispatcher| dispatcher.shutdown(LONG).blocking());
}

#[test]
fn a_shutdown_ends_with_the_last_delivery_of_a_task() {
    ends_with_the_last_delivery(quick_too, |dispatcher| block_on(dispatcher.shutdown(LONG)));
}

#[test]
fn a_shutdown_that_runs_out_of_time_ends_what_waits_and_whoever_waits_for_room() {
    let (runtime, heard, gate) = (runtime(), Heard::default(), Arc::new(Gate::default()));
    let dispatcher = hears(Dispatcher::empty().handler(held), &heard)
        .configure(&HELD, |held| held.capacity(1).overflow(Overflow::Wait))
        .provide_arc(gate.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    dispatcher.emit(Job(0));
    gate.wait_for(1);
    dispatcher.emit(Job(1));
    thread::scope(|scope| {
        let emitter = scope.spawn(|| dispatcher.emit_blocking(Job(2)).expect("no runtime"));
        until("an emitter waits for room", || {
            dispatcher
                .queue(&HELD)
                .expect("a handler names it")
                .counts()
                .waits
                == 1
        });
        let shutdown = dispatcher.shutdown(Duration::ZERO).blocking();
        let abandoned: usize = shutdown.abandoned().iter().map(|(_, count)| count).sum();
        assert_eq!(abandoned, 2, "{shutdown}");
        let report = emitter.join().expect("no panic");
        assert_eq!(
            report.failures()[0].ended(),
            Some(DeliveryStatus::Rejected),
            "{report}"
        );
    });
    let queue = dispatcher.queue(&HELD).expect("a handler names it");
    until("nothing runs any more", || queue.counts().running == 0);
    assert_eq!((queue.counts().abandoned, queue.counts().rejected), (2, 1));
    adds_up(&queue);
    assert_eq!(taken(&heard), [DeliveryStatus::Abandoned; 2]);
    assert!(dispatcher.emit(Job(3)).closed());
}

#[test]
fn a_dispatcher_that_goes_while_it_drains_keeps_nothing_alive() {
    let (runtime, heard, gate) = (runtime(), Heard::default(), Arc::new(Gate::default()));
    let dispatcher = hears(Dispatcher::empty().handler(shows).handler(show), &heard)
        .provide_arc(gate.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    dispatcher.emit(Job(0));
    gate.wait_for(1);
    dispatcher.emit(Shown);
    {
        let mut shutdown = pin!(dispatcher.shutdown(LONG));
        assert!(poll_once(shutdown.as_mut()).is_pending());
    }
    drop(dispatcher);
    gate.open(1);
    until("the dispatcher is freed", || Arc::strong_count(&gate) == 1);
    assert_eq!(taken(&heard), [DeliveryStatus::Abandoned; 2]);
}

#[test]
fn a_handle_of_a_dispatcher_that_is_gone_stays_so() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let kept = dispatcher.stream::<Job>(1, Overflow::Reject);
    let (one, other) = (dispatcher.handle(), dispatcher.clone());
    drop(dispatcher);
    drop(other);
    for _ in 0..3 {
        assert!(one.emit(Job(0)).is_err());
    }
    drop(kept);
}
