//! What a recorder keeps and returns.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use event_core::queue::Queue;
use event_core::report::DeliveryStatus;
use event_core::{Dispatcher, Event, handler};
use event_testing::{
    DispatcherExt as _, assert_caused, assert_emitted, assert_handled, assert_not_emitted,
    assert_nothing_emitted,
};
use expect_test::expect;
use tokio::sync::Semaphore;

use crate::failure::{caught, text};

static MAIL: Queue = Queue::new("mail");

#[derive(Event)]
struct OrderPlaced {
    id: u64,
}

#[derive(Event)]
struct StockReserved {
    order: u64,
}

#[derive(Event)]
struct ReceiptSent {
    order: u64,
}

#[derive(Event)]
struct Ping;

#[handler(priority = -1)]
fn reserve(event: &OrderPlaced) -> Vec<StockReserved> {
    let order = event.id;
    vec![StockReserved { order: order + 1 }, StockReserved { order }]
}

#[handler(queue = MAIL, retry(attempts = 3, backoff = "1ms..1ms"))]
async fn send_receipt(event: &OrderPlaced, left: &AtomicU32) -> Result<ReceiptSent, String> {
    let before = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
        left.checked_sub(1)
    });
    match before {
        Ok(left) => Err(format!("{left} times busy")),
        Err(_) => Ok(ReceiptSent { order: event.id }),
    }
}

#[handler]
async fn archive(_event: &ReceiptSent) -> Result<(), &'static str> {
    Err("the disk is full")
}

#[handler(queue = MAIL)]
async fn hold(_event: &Ping, gate: &Gate) {
    gate.entered.add_permits(1);
    let _ = gate.leave.acquire().await;
}

/// Where a handler stays until the dispatcher is shut down.
struct Gate {
    entered: Semaphore,
    leave: Semaphore,
}

fn shop(busy: u32) -> Dispatcher {
    let builder = Dispatcher::empty().handler(reserve).handler(send_receipt);
    let builder = builder.handler(archive).provide(AtomicU32::new(busy));
    builder.build().expect("a shop")
}

#[test]
fn recorders_of_two_dispatchers_are_apart_and_a_dropped_one_keeps_nothing() {
    let (one, two) = (Dispatcher::empty().build(), Dispatcher::empty().build());
    let (one, two) = (one.expect("nothing"), two.expect("nothing"));
    let (of_one, of_two) = (one.record(), two.record());
    one.emit(Ping);
    assert_eq!(of_one.count(), 1);
    assert_nothing_emitted!(of_two);

    let kept = Arc::downgrade(assert_emitted!(of_one, Ping).event());
    let clone = of_one.clone();
    drop(of_one);
    one.emit(Ping);
    assert_eq!(clone.count(), 2);
    assert!(kept.upgrade().is_some());
    drop(clone);
    assert!(kept.upgrade().is_none());
    assert_eq!(one.record().count(), 0);
}

#[tokio::test]
async fn attempts_causes_and_ends_of_all_kinds_of_deliveries_are_recorded() {
    let dispatcher = shop(2);
    let rec = dispatcher.record();
    dispatcher.settled().emit_async(OrderPlaced { id: 7 }).await;

    assert_caused!(rec, OrderPlaced { id: 7 } => StockReserved { order: 8 });
    let sent = assert_caused!(rec, OrderPlaced => ReceiptSent { order: 7 });
    assert_eq!(sent.meta().depth(), 1);
    let receipt = assert_handled!(rec, send_receipt, Done);
    assert_eq!((receipt.attempt(), receipt.error()), (3, None));
    assert!(receipt.took().is_some() && receipt.event().is::<OrderPlaced>());
    let archived = rec.expect_handled(archive, DeliveryStatus::Failed);
    assert_eq!(archived.error(), Some("the disk is full"));
    assert_eq!(rec.deliveries().len(), 3);

    expect![[r#"
        OrderPlaced { id: 7 }
        ├─ reserve: done
        ├─ send_receipt: done, attempt 3
        ├─ ReceiptSent { order: 7 }
        │  └─ archive: failed: the disk is full
        ├─ StockReserved { order: 7 }
        └─ StockReserved { order: 8 }
    "#]]
    .assert_eq(&rec.timeline().to_string());
}

#[tokio::test]
async fn deliveries_that_have_not_ended_are_told_as_running_or_waiting() {
    let gate = Arc::new(Gate {
        entered: Semaphore::new(0),
        leave: Semaphore::new(0),
    });
    let builder = Dispatcher::empty().handler(hold);
    let builder = builder.provide_arc(Arc::clone(&gate));
    let dispatcher = builder.build().expect("a queue");
    let rec = dispatcher.record();
    dispatcher.emit(Ping);
    dispatcher.emit(Ping);
    let _ = gate.entered.acquire().await;
    expect![[r#"
        no delivery to `it::recording::hold` ended as `Done`
        2 events were emitted:
          1. Ping, emitted at event-testing/tests/it/recording.rs:_
               running: it::recording::hold (event-testing/tests/it/recording.rs:_)
          2. Ping, emitted at event-testing/tests/it/recording.rs:_
               waiting: it::recording::hold (event-testing/tests/it/recording.rs:_), in queue `mail`
        help: 2 deliveries have not ended: `dispatcher.track(…)` waits for all that a call causes, `rec.wait_for(…)` for one event"#]].assert_eq(&text(|| assert_handled!(rec, hold)));
    let _ = dispatcher.shutdown(Duration::ZERO).await;
    assert_handled!(rec, hold, Abandoned);
}

#[test]
fn a_mark_hides_what_was_before_it() {
    let dispatcher = shop_without_queue();
    let rec = dispatcher.record();
    dispatcher.emit(OrderPlaced { id: 1 });
    let later = rec.since(rec.mark());
    assert_nothing_emitted!(later);
    dispatcher.emit(OrderPlaced { id: 2 });
    assert_eq!(later.emitted::<OrderPlaced>().len(), 1);
    assert_caused!(later, OrderPlaced { id: 2 } => StockReserved { order: 2 });
    assert_eq!((later.deliveries().len(), rec.deliveries().len()), (1, 2));
    expect![[r#"
        no emitted event matches `StockReserved { order: 1 }`, which `OrderPlaced { id: 1 }` should cause
        3 events were emitted:
          1. OrderPlaced { id: 2 }, emitted at event-testing/tests/it/recording.rs:_
               done: it::recording::reserve (event-testing/tests/it/recording.rs:_)
          2. StockReserved { order: 3 }, caused by event 1, returned by it::recording::reserve (event-testing/tests/it/recording.rs:_), no handler
               ^ `order` is `3`, not `1`
          3. StockReserved { order: 2 }, caused by event 1, returned by it::recording::reserve (event-testing/tests/it/recording.rs:_), no handler
               ^ `order` is `2`, not `1`"#]].assert_eq(&text(|| {
        assert_caused!(later, OrderPlaced { id: 1 } => StockReserved { order: 1 });
    }));
}

fn shop_without_queue() -> Dispatcher {
    let built = Dispatcher::empty().handler(reserve).build();
    built.expect("one handler")
}

#[test]
fn a_wait_sees_past_events_first_and_is_woken_by_later_ones() {
    let dispatcher = Dispatcher::empty().build().expect("nothing");
    let rec = dispatcher.record();
    dispatcher.emit(OrderPlaced { id: 1 });
    let past = rec.wait_for(|event: &OrderPlaced| event.id == 1).blocking();
    assert_eq!(past.id, 1);

    let emitting = thread::spawn(move || {
        for id in 2..100 {
            dispatcher.emit(OrderPlaced { id });
        }
    });
    let later = rec
        .wait_for(|event: &OrderPlaced| event.id == 99)
        .blocking();
    assert_eq!(later.id, 99);
    emitting.join().expect("it emits");
}

#[tokio::test(start_paused = true)]
async fn a_wait_takes_real_time_though_the_clock_is_paused() {
    let dispatcher = Dispatcher::empty().build().expect("nothing");
    let rec = dispatcher.record();
    let (go, going) = std::sync::mpsc::channel();
    let emitting = thread::spawn(move || {
        let _ = going.recv();
        dispatcher.emit(OrderPlaced { id: 2 });
    });
    let wait = rec.wait_for(|event: &OrderPlaced| event.id == 2);
    // The clock of the runtime jumps by a day while the thread has not emitted.
    let waiting = tokio::spawn(wait.into_future());
    tokio::time::sleep(Duration::from_hours(24)).await;
    go.send(()).expect("the thread waits");
    assert_eq!(waiting.await.expect("no panic").id, 2);
    emitting.join().expect("it emits");
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_at_its_limit_and_tells_where_it_began() {
    let dispatcher = Dispatcher::empty().build().expect("nothing");
    let rec = dispatcher.record();
    dispatcher.emit(OrderPlaced { id: 1 });
    let limit = Duration::from_millis(1);
    let wait = || {
        let wait = rec.wait_for(|event: &OrderPlaced| event.id == 2);
        wait.limit(limit)
    };
    expect![[r#"
        no `OrderPlaced` that the closure accepts was emitted within 1ms, for which event-testing/tests/it/recording.rs:_ waited
        1 event was emitted:
          1. OrderPlaced { id: 1 }, emitted at event-testing/tests/it/recording.rs:_, no handler
               ^ the closure returns `false`"#]].assert_eq(&text(|| wait().blocking()));
    expect![[r#"
        no `OrderPlaced` that the closure accepts was emitted within 1ms, for which event-testing/tests/it/recording.rs:_ waited
        1 event was emitted:
          1. OrderPlaced { id: 1 }, emitted at event-testing/tests/it/recording.rs:_, no handler
               ^ the closure returns `false`"#]].assert_eq(&text(|| pollster::block_on(wait().into_future())));
    let blocking = caught(|| rec.wait_for(|_: &Ping| true).limit(limit).blocking());
    assert_eq!((&*blocking.file, blocking.line), (file!(), line!() - 1));
}

#[test]
fn what_a_unit_or_a_savepoint_takes_back_was_not_emitted() {
    let dispatcher = Dispatcher::empty().build().expect("a dispatcher");
    let rec = dispatcher.record();
    let failed = dispatcher.unit_of_work(|mut work| {
        work.emit(OrderPlaced { id: 1 });
        Err::<(), _>("declined")
    });
    assert_eq!(failed, Err("declined"));
    assert_nothing_emitted!(rec);
    let done = dispatcher.unit_of_work(|mut work| {
        work.emit(OrderPlaced { id: 2 });
        let mut part = work.savepoint();
        part.emit(StockReserved { order: 2 });
        part.rolled_back();
        let mut part = work.savepoint();
        part.emit(ReceiptSent { order: 2 });
        part.released();
        Ok::<_, ()>(dispatcher.emit(work.committed()))
    });
    assert_eq!(done.expect("committed").events(), 2);
    assert_emitted!(rec, OrderPlaced { id: 2 });
    assert_emitted!(rec, ReceiptSent { order: 2 });
    assert_not_emitted!(rec, StockReserved);
}
