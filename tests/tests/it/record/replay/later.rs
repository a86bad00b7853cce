//! A replay through handlers that run later: async, queued, pumped and detached.

use std::sync::Arc;

use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::{Dispatcher, Emitter, Event, dispatcher::DispatcherBuilder, handler};
use event_tests::{Gate, Heard, Journal, envelope, poll, read, record};
use serde::{Deserialize, Serialize};

use super::{LONG, Ordered, Reserved, journal, on_reserved};

use super::inline::inline;

#[derive(Event, Serialize, Deserialize)]
#[event(name = "replay.sent", wire)]
pub(super) struct Sent;

#[handler]
async fn a_lands_last(_event: &Sent, gate: &Gate) -> Reserved {
    gate.pass().await;
    Reserved(1)
}

#[handler]
async fn b_lands_first(_event: &Sent, emitter: Emitter<Reserved>, gate: &Gate) {
    emitter.emit_after(Reserved(2));
    gate.open(1);
}

#[test]
fn what_async_handlers_cause_is_discarded_and_reported_in_their_order() {
    let (dispatcher, journal) = journal(
        Dispatcher::empty()
            .handler(a_lands_last)
            .handler(b_lands_first)
            .handler(on_reserved)
            .provide(Gate::default())
            .runtime(event_tests::runtime().handle().clone()),
    );
    let late = dispatcher.subscribe_async(|_: Arc<Sent>| async { Reserved(3) });
    let report = pollster::block_on(dispatcher.replaying().emit_async(&envelope(Sent)));
    assert!(report.is_ok(), "{report}");
    assert_eq!((report.done(), report.discarded()), (3, 3));
    let returned: Vec<_> = report.returned::<Reserved>().map(|(_, it)| it.0).collect();
    assert_eq!(returned, [1, 2, 3]);
    assert_eq!(journal.take(), [""; 0]);
    drop(late);
}

static THREADS: Queue = Queue::new("replay-threads")
    .capacity(1)
    .overflow(Overflow::Wait);

pub(super) static TASKS: Queue = Queue::new("replay-tasks");

static PUMPED: LocalQueue<Vec<u8>> = LocalQueue::new("replay-pumped");

#[derive(Event, Serialize, Deserialize)]
#[event(name = "replay.queued", wire)]
struct Queued;

#[handler(queue = THREADS)]
fn on_a_thread(_event: &Queued, emitter: Emitter<Reserved>) -> Reserved {
    emitter.emit_after(Reserved(1));
    Reserved(2)
}

#[handler(queue = THREADS)]
async fn on_a_thread_too(_event: &Queued) -> Reserved {
    tokio::task::yield_now().await;
    Reserved(3)
}

#[handler(queue = TASKS)]
async fn in_a_task(_event: &Queued) -> Reserved {
    Reserved(4)
}

#[handler(queue = PUMPED)]
fn where_it_is_pumped(_event: &Queued, owned: &mut Vec<u8>) -> Reserved {
    owned.push(5);
    Reserved(5)
}

#[handler]
async fn detached(_event: &Queued) -> Reserved {
    tokio::task::yield_now().await;
    Reserved(6)
}

#[handler]
async fn detached_and_ready(_event: &Queued) -> Reserved {
    Reserved(7)
}

#[handler(after = detached)]
async fn detached_and_ordered(_event: &Queued) -> Reserved {
    Reserved(8)
}

#[test]
fn what_queued_pumped_and_detached_handlers_cause_is_discarded_and_counted() {
    let (runtime, heard) = (event_tests::runtime(), Heard::default());
    let (dispatcher, journal) = journal(
        Dispatcher::empty()
            .handler(on_a_thread)
            .handler(on_a_thread_too)
            .handler(in_a_task)
            .handler(where_it_is_pumped)
            .handler(detached)
            .handler(detached_and_ready)
            .handler(detached_and_ordered)
            .handler(on_reserved)
            .runtime(runtime.handle().clone())
            .on_failure(heard.hook()),
    );
    let late = dispatcher.subscribe_async(|_: Arc<Queued>| async { Reserved(9) });
    let mut stream = dispatcher.stream::<Queued>(10, Overflow::Reject);
    // Room for one, and two handlers: it waits.
    let report = dispatcher
        .replaying()
        .emit_blocking(envelope(Queued))
        .expect("a plain thread");
    assert!(report.is_ok(), "{report}");
    assert_eq!((report.handed_over(), report.discarded()), (9, 0));

    let mut owned = Vec::new();
    assert_eq!(
        dispatcher
            .queue(&PUMPED)
            .expect("a handler names it")
            .pump(&mut owned),
        1
    );
    assert_eq!(owned, [5]);
    assert!(stream.try_next().is_some());
    assert!(dispatcher.shutdown(LONG).blocking().is_complete());
    drop(late);
    assert_eq!(dispatcher.counts().discarded, 9);
    assert_eq!(journal.take(), [""; 0]);
    assert_eq!(heard.take(), [""; 0]);
}

#[test]
fn a_replay_that_may_not_wait_reports_what_found_no_room_and_a_task_may_not_block() {
    let runtime = event_tests::runtime();
    let builder = Dispatcher::empty()
        .handler(on_a_thread)
        .handler(on_a_thread_too);
    let dispatcher = builder.runtime(runtime.handle().clone()).build();
    let dispatcher = dispatcher.expect("wired");
    dispatcher
        .queue(&THREADS)
        .expect("a handler names it")
        .pause();
    let queued = envelope(Queued);
    let report = dispatcher.replaying().emit(&queued);
    assert_eq!((report.handed_over(), report.rejected()), (1, 1));
    // Redelivered, it is still replayed.
    dispatcher
        .queue(&THREADS)
        .expect("a handler names it")
        .resume();
    report.failures()[0].redeliver_blocking().expect("room");
    assert!(
        dispatcher
            .queue(&THREADS)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
    assert_eq!(dispatcher.counts().discarded, 3);

    let inside = runtime.block_on(async { dispatcher.replaying().emit_blocking(&queued) });
    let error = inside.expect_err("inside of a runtime").to_string();
    assert!(
        error.starts_with("`emit_blocking` inside of a runtime"),
        "{error}"
    );
    assert!(error.contains("use `emit_async(…).await`"), "{error}");
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "replay.stuck", wire)]
struct Stuck;

#[handler]
async fn never_ends(_event: &Stuck, emitter: Emitter<Reserved>, gate: &Gate) {
    emitter.emit_after(Reserved(1));
    gate.pass().await;
}

#[handler]
fn returns_before(_event: &Stuck) -> Reserved {
    Reserved(2)
}

/// With a gate that stays shut.
fn stuck(builder: DispatcherBuilder) -> (Dispatcher, Arc<Gate>, Heard, Arc<Journal>) {
    let (gate, heard) = (Arc::new(Gate::default()), Heard::default());
    let builder = builder.handler(never_ends).handler(on_reserved);
    let builder = builder.provide_arc(Arc::clone(&gate));
    let (dispatcher, journal) = journal(builder.on_failure(heard.hook()));
    (dispatcher, gate, heard, journal)
}

#[test]
fn a_replay_that_is_dropped_midway_is_cancelled_and_loses_no_event() {
    let runtime = event_tests::runtime();
    let builder = Dispatcher::empty().handler(returns_before);
    let (dispatcher, _gate, heard, journal) = stuck(builder.runtime(runtime.handle().clone()));
    let event = envelope(Stuck);
    let mut replay = Box::pin(dispatcher.replaying().emit_async(&event));
    assert!(poll(&mut replay).is_none());
    drop(replay);
    let [said] = <[_; 1]>::try_from(heard.take()).expect("one failure");
    let lost = "1 delivery cancelled, 0 caused events not emitted";
    assert!(said.contains(lost), "{said}");
    assert_eq!(dispatcher.counts().discarded, 2);
    assert_eq!(journal.take(), [""; 0]);
}

#[test]
fn a_task_of_a_replay_that_ends_with_its_runtime_is_abandoned_and_loses_no_event() {
    let runtime = event_tests::runtime();
    let builder = Dispatcher::empty().runtime(runtime.handle().clone());
    let (dispatcher, gate, heard, journal) = stuck(builder);
    dispatcher.replaying().emit(envelope(Stuck));
    gate.wait_for(1);
    drop(runtime);
    let [said] = <[_; 1]>::try_from(heard.take()).expect("one failure");
    assert!(said.starts_with("`replay.stuck` was abandoned"), "{said}");
    assert_eq!(dispatcher.counts().discarded, 1);
    assert_eq!(journal.take(), [""; 0]);
}

#[test]
fn a_replay_into_a_closed_dispatcher_or_beyond_its_depth_says_so() {
    let dispatcher = inline().provide(Journal::default()).depth_limit(0).build();
    let dispatcher = dispatcher.expect("wired");
    let source = inline().provide(Journal::default()).build().expect("wired");
    let record = record(&source, || drop(source.emit(Ordered(1))));
    let [root, caused, ..] = &*read(&record) else {
        panic!("more than a root")
    };
    let report = dispatcher.replaying().emit(caused);
    assert_eq!((report.events(), report.not_emitted()), (0, 1), "{report}");
    assert_eq!(report.failures().len(), 1);

    assert!(dispatcher.shutdown(LONG).blocking().is_complete());
    assert!(dispatcher.replaying().emit(root).closed());
}
