//! Handlers that are handed to the runtime: concurrency, redelivery, room, and the end of the runtime.

use std::sync::Arc;

use event_core::error::RedeliverError;
use event_core::queue::{Overflow, Queue};
use event_core::report::DeliveryStatus;
use event_core::{Dispatcher, Event, handler};
use event_tests::{Gate, Heard, Journal, Watch, idle, poll, until};

use super::{Arrived, journal};

#[derive(Event)]
struct Ordered(u8);

#[handler(concurrency = 1)]
async fn narrow(event: &Ordered, journal: &Journal, gate: &Gate) {
    journal.write(format!("begins {}", event.0));
    gate.pass().await;
}

fn narrow_dispatcher() -> (Dispatcher, Arc<Journal>, Arc<Gate>, Arc<Watch>) {
    let (gate, watch) = (Arc::new(Gate::default()), Arc::new(Watch::default()));
    let builder = Dispatcher::empty()
        .handler(narrow)
        .provide_arc(gate.clone())
        .observe(watch.clone());
    let (builder, journal) = journal(builder);
    (builder.build().expect("wired"), journal, gate, watch)
}

#[tokio::test(start_paused = true)]
async fn beyond_its_concurrency_a_detached_handler_rejects_and_can_be_redelivered_once() {
    let (dispatcher, journal, gate, watch) = narrow_dispatcher();
    assert_eq!(dispatcher.emit(Ordered(1)).handed_over(), 1);
    let report = dispatcher.emit(Ordered(2));
    assert_eq!((report.rejected(), report.handed_over()), (1, 0));
    let failure = &report.failures()[0];
    assert!(failure.is_full());
    let text = failure.to_string();
    assert!(
        text.ends_with(": its limit of 1 concurrent call is reached"),
        "{text}"
    );
    assert_eq!(failure.ended(), Some(DeliveryStatus::Rejected));
    assert_eq!(watch.ended_of("narrow"), [DeliveryStatus::Rejected]);

    let mut redelivery = Box::pin(failure.redeliver());
    assert_eq!(poll(&mut redelivery), None, "there is no room yet");
    drop(redelivery);
    gate.open_for_all();
    idle().await;
    failure.redeliver().await.expect("there is room");
    idle().await;
    assert_eq!(journal.take(), ["begins 1", "begins 2"]);
    assert_eq!(failure.redeliver().await, Err(RedeliverError::Again));
    idle().await;
    assert!(journal.take().is_empty());
    assert_eq!(watch.count(DeliveryStatus::Done), 2);
}

#[tokio::test(start_paused = true)]
async fn a_second_redelivery_is_refused_at_once_even_without_room() {
    let (dispatcher, _, gate, _) = narrow_dispatcher();
    dispatcher.emit(Ordered(1));
    let report = dispatcher.emit(Ordered(2));
    gate.open(1);
    idle().await;
    let failure = &report.failures()[0];
    failure.redeliver().await.expect("there is room");
    let mut again = Box::pin(failure.redeliver());
    assert_eq!(poll(&mut again), Some(Err(RedeliverError::Again)));
}

#[tokio::test]
async fn concurrency_lets_calls_of_emit_async_wait_for_each_other() {
    let (dispatcher, journal, gate, watch) = narrow_dispatcher();
    let mut first = Box::pin(dispatcher.emit_async(Ordered(1)).into_future());
    let mut second = Box::pin(dispatcher.emit_async(Ordered(2)).into_future());
    assert!(poll(&mut first).is_none());
    assert!(poll(&mut second).is_none());
    assert_eq!(journal.take(), ["begins 1"]);
    drop(first);
    assert!(poll(&mut second).is_none());
    assert_eq!(journal.take(), ["begins 2"]);
    gate.open_for_all();
    let report = poll(&mut second).expect("nothing else to wait for");
    assert_eq!((report.done(), report.rejected()), (1, 0));
    assert_eq!(
        watch.ended_of("narrow"),
        [DeliveryStatus::Cancelled, DeliveryStatus::Done]
    );
}

#[derive(Event)]
struct Chained(Arc<str>);

#[handler]
async fn chain(event: &Chained) -> Ordered {
    tokio::task::yield_now().await;
    Ordered(u8::try_from(event.0.len()).unwrap_or(0))
}

#[tokio::test(start_paused = true)]
async fn what_a_detached_handler_returns_is_emitted() {
    let builder = Dispatcher::empty()
        .handler(chain)
        .handler(narrow)
        .provide(Gate::default());
    let (builder, journal) = journal(builder);
    let dispatcher = builder.build().expect("wired");
    assert_eq!(dispatcher.emit(Chained("abc".into())).handed_over(), 1);
    idle().await;
    assert_eq!(journal.take(), ["begins 3"]);
}

#[derive(Event)]
struct Lost;

#[handler]
async fn never_ends(_event: &Lost, arrived: &Arrived) {
    arrived.0.set();
    std::future::pending::<()>().await;
}

#[handler]
async fn also_never_ends(_event: &Lost) {
    std::future::pending::<()>().await;
}

#[handler(after = also_never_ends)]
async fn never_begins(_event: &Lost) {
    unreachable!("it waits for one that does not end");
}

#[test]
fn a_runtime_that_ends_abandons_its_deliveries_and_each_is_told_once() {
    for is_ordered in [false, true] {
        for is_dead_before in [false, true] {
            let (watch, heard) = (Arc::new(Watch::default()), Heard::default());
            let arrived = Arc::new(Arrived::default());
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let mut builder = Dispatcher::empty()
                .handler(never_ends)
                .handler(also_never_ends)
                .provide_arc(arrived.clone())
                .runtime(runtime.handle().clone())
                .observe(watch.clone())
                .on_failure(heard.hook());
            let mut handlers = vec!["also_never_ends", "never_ends"];
            if is_ordered {
                builder = builder.handler(never_begins);
                handlers.insert(1, "never_begins");
            }
            let dispatcher = builder.build().expect("wired");
            let runtime = if is_dead_before {
                drop(runtime);
                None
            } else {
                Some(runtime)
            };
            let report = dispatcher.emit(Lost);
            assert_eq!(report.deliveries(), handlers.len());
            if runtime.is_some() {
                arrived.0.wait_blocking();
            }
            drop(runtime);
            let mut ended = watch.ended();
            ended.sort_by(|(one, _), (other, _)| one.cmp(other));
            let of = |name: &&str| ((*name).to_owned(), DeliveryStatus::Abandoned);
            let expected: Vec<_> = handlers.iter().map(of).collect();
            assert_eq!(ended, expected, "dead before: {is_dead_before}");
            let heard = heard.take();
            assert_eq!(heard.len(), handlers.len(), "{heard:#?}");
            for line in heard {
                assert!(
                    line.starts_with(
                        "`it::async_handlers::detached::Lost` was abandoned for handler"
                    ),
                    "{line}"
                );
            }
        }
    }
}

static ROOM: Queue = Queue::new("room").capacity(1).overflow(Overflow::Wait);

#[handler(queue = ROOM)]
async fn queued(event: &Ordered, journal: &Journal) {
    journal.write(format!("queued {}", event.0));
}

#[tokio::test(start_paused = true)]
async fn emit_async_waits_for_room_while_its_handlers_run() {
    let builder = Dispatcher::empty()
        .handler(queued)
        .handler(narrow)
        .provide(Gate::default());
    let (builder, journal) = journal(builder);
    let dispatcher = builder.build().expect("wired");
    dispatcher.queue(&ROOM).expect("a handler names it").pause();
    dispatcher.emit(Ordered(0));
    let full = dispatcher.emit(Ordered(1));
    assert_eq!(full.rejected(), 2, "{full}");
    let mut emission = Box::pin(dispatcher.emit_async(Ordered(2)).into_future());
    assert!(poll(&mut emission).is_none());
    dispatcher
        .queue(&ROOM)
        .expect("a handler names it")
        .resume();
    idle().await;
    assert!(poll(&mut emission).is_none(), "`narrow` is at its limit");
    idle().await;
    let lines = journal.take();
    assert!(lines.contains(&"queued 2".to_owned()), "{lines:?}");
}

#[test]
fn emit_blocking_is_an_error_inside_of_a_runtime_and_waits_for_room_outside() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let builder = Dispatcher::empty().handler(queued);
    let (builder, journal) = journal(builder.runtime(runtime.handle().clone()));
    let dispatcher = builder.build().expect("wired");
    let inside = runtime.block_on(async { dispatcher.emit_blocking(Ordered(0)) });
    assert!(inside.is_err());
    assert!(journal.take().is_empty());

    dispatcher.queue(&ROOM).expect("a handler names it").pause();
    dispatcher.emit(Ordered(1));
    let waiting = std::thread::scope(|scope| {
        let blocked = scope.spawn(|| dispatcher.emit_blocking(Ordered(2)));
        until("it waits for room", || {
            dispatcher
                .queue(&ROOM)
                .expect("a handler names it")
                .counts()
                .waits
                == 1
        });
        assert!(!blocked.is_finished());
        dispatcher
            .queue(&ROOM)
            .expect("a handler names it")
            .resume();
        blocked.join().expect("no panic")
    });
    assert_eq!(waiting.expect("outside of a runtime").handed_over(), 1);
    runtime.block_on(dispatcher.queue(&ROOM).expect("a handler names it").join());
    assert_eq!(journal.take(), ["queued 1", "queued 2"]);
}

#[test]
fn an_async_subscription_without_a_runtime_is_abandoned_and_says_what_is_missing() {
    #[derive(Event)]
    struct Lone;
    let dispatcher = Dispatcher::empty()
        .build()
        .expect("nothing needs a runtime yet");
    let _waiting = dispatcher.subscribe_async(|_: Arc<Lone>| async {});
    let report = dispatcher.emit(Lone);
    assert_eq!(report.handed_over(), 0);
    let failure = &report.failures()[0];
    assert_eq!(failure.ended(), Some(DeliveryStatus::Abandoned));
    assert!(
        failure.to_string().contains("`.runtime(handle)`"),
        "{failure}"
    );
    // Whoever polls it himself needs none.
    assert_eq!(pollster::block_on(dispatcher.emit_async(Lone)).done(), 1);
}
