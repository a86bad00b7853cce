//! Pausing, joining and configuring.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use event_core::queue::{Overflow, Queue, QueueCounts};
use event_core::{Dispatcher, handler};
use event_tests::{Gate, poll_once, runtime, until};
use pollster::block_on;
use tokio::runtime::Runtime;

use super::{Caused, Job, LONG};

static PAUSED: Queue = Queue::new("paused");

#[handler(queue = PAUSED)]
fn passes(_job: &Job, gate: &Gate) {
    gate.pass_blocking();
}

#[test]
fn a_paused_queue_starts_nothing_and_takes_more() {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let dispatcher = Dispatcher::empty()
        .handler(passes)
        .provide_arc(gate.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    let queue = dispatcher.queue(&PAUSED).expect("a handler names it");
    dispatcher.emit(Job(0));
    gate.wait_for(1);
    queue.pause();
    dispatcher.emit(Job(1));
    dispatcher.emit(Job(2));
    gate.open(3);
    // The running delivery ends, and no other starts.
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
        .handler(causes)
        .handler(is_caused)
        .provide_arc(gate.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    dispatcher
        .queue(&SECOND)
        .expect("a handler names it")
        .pause();
    for round in 1..50 {
        dispatcher.emit(Job(0));
        let first = dispatcher.queue(&FIRST).expect("a handler names it");
        let mut join = pin!(first.join());
        assert!(poll_once(join.as_mut()).is_pending());
        gate.open(1);
        block_on(join);
        assert_eq!(
            dispatcher
                .queue(&SECOND)
                .expect("a handler names it")
                .counts()
                .depth,
            round
        );
    }
    dispatcher
        .queue(&SECOND)
        .expect("a handler names it")
        .resume();
    assert!(
        dispatcher
            .queue(&SECOND)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
}

static CHOSEN: Queue = Queue::new("chosen")
    .capacity(1)
    .overflow(Overflow::DropNewest);

#[handler(queue = CHOSEN)]
fn chosen(_job: &Job) {}

fn paused_and_filled(
    runtime: &Runtime,
    builder: event_core::dispatcher::DispatcherBuilder,
) -> QueueCounts {
    let dispatcher = builder
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    dispatcher
        .queue(&CHOSEN)
        .expect("a handler names it")
        .pause();
    for number in 0..10 {
        dispatcher.emit(Job(number));
    }
    dispatcher
        .queue(&CHOSEN)
        .expect("a handler names it")
        .counts()
}

#[test]
fn a_builder_chooses_other_numbers_and_the_later_choice_wins() {
    let runtime = runtime();
    let counts = paused_and_filled(&runtime, Dispatcher::empty().handler(chosen));
    assert_eq!((counts.depth, counts.dropped), (1, 9));
    let configured = Dispatcher::empty()
        .handler(chosen)
        .configure(&CHOSEN, |chosen| {
            chosen.capacity(7).overflow(Overflow::Reject)
        })
        // This call changes the earlier choice, not the declaration.
        .configure(&CHOSEN, |chosen| chosen.capacity(3));
    let counts = paused_and_filled(&runtime, configured);
    assert_eq!((counts.depth, counts.dropped, counts.rejected), (3, 0, 7));
}

#[test]
fn two_dispatchers_share_a_queue_and_never_meet() {
    let runtime = runtime();
    let (one_gate, other_gate) = (Arc::new(Gate::default()), Arc::new(Gate::default()));
    let build = |gate: &Arc<Gate>| {
        let builder = Dispatcher::empty()
            .handler(passes)
            .provide_arc(gate.clone());
        let builder = builder.runtime(runtime.handle().clone());
        builder.build().expect("wired")
    };
    let (one, other) = (build(&one_gate), build(&other_gate));
    one.emit(Job(0));
    one_gate.wait_for(1);
    // The only consumer of `one` is blocked, and the consumer of `other` is not.
    other_gate.open(1);
    other.emit(Job(0));
    assert!(
        other
            .queue(&PAUSED)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
    other.queue(&PAUSED).expect("a handler names it").pause();
    one_gate.open(2);
    one.emit(Job(1));
    assert!(
        one.queue(&PAUSED)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
    assert_eq!(
        one.queue(&PAUSED)
            .expect("a handler names it")
            .counts()
            .done,
        2
    );
    assert_eq!(
        other
            .queue(&PAUSED)
            .expect("a handler names it")
            .counts()
            .offered,
        1
    );
}

#[test]
fn a_queue_that_no_handler_names_is_an_error_that_names_it() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let error = dispatcher.queue(&PAUSED).expect_err("no handler names it");
    let error = error.to_string();
    let says =
        "no handler of this dispatcher names queue `paused` (tests/tests/it/queues/control.rs:";
    assert!(error.starts_with(says), "{error}");
    assert!(
        error.contains("add `queue = …` to a `#[handler]`"),
        "{error}"
    );
}
