//! In which order async handlers begin, and what they return is emitted.

use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use event_core::{Dispatcher, Emitter, Event, handler};
use event_tests::{Gate, Journal, idle, poll};
use tokio::sync::Barrier;

use super::{Arrived, journal};

#[derive(Event)]
struct Met;

#[handler(priority = 9)]
fn inline_second(_event: &Met, journal: &Journal) {
    journal.write("inline second");
}

#[handler]
fn inline_first(_event: &Met, journal: &Journal) {
    journal.write("inline first");
}

macro_rules! meeting {
    ($($name:ident)+) => {$(
        #[handler(priority = -9)]
        async fn $name(_event: &Met, journal: &Journal, meeting: &Barrier) {
            journal.write("async");
            meeting.wait().await;
            journal.write("met");
        }
    )+};
}

meeting!(meets_a meets_b meets_c);

fn meeting() -> (Dispatcher, Arc<Journal>) {
    let builder = Dispatcher::empty()
        .handler(inline_first)
        .handler(inline_second)
        .handler(meets_a)
        .handler(meets_b)
        .handler(meets_c)
        .provide(Barrier::new(3));
    let (builder, journal) = journal(builder);
    (builder.build().expect("wired"), journal)
}

#[tokio::test(start_paused = true)]
async fn emit_async_does_nothing_before_its_first_poll() {
    let (dispatcher, journal) = meeting();
    drop(dispatcher.emit_async(Met));
    let future = IntoFuture::into_future(dispatcher.emit_async(Met));
    idle().await;
    assert!(journal.take().is_empty());
    drop(future);
    assert!(journal.take().is_empty());
}

#[tokio::test]
async fn inline_handlers_run_in_order_then_async_ones_side_by_side() {
    let (dispatcher, journal) = meeting();
    let report = dispatcher.emit_async(Met).await;
    let expected = [
        "inline first",
        "inline second",
        "async",
        "async",
        "async",
        "met",
        "met",
        "met",
    ];
    assert_eq!(journal.take(), expected);
    assert_eq!((report.done(), report.handed_over()), (5, 0));
}

#[tokio::test(start_paused = true)]
async fn emit_runs_inline_handlers_now_and_hands_async_ones_to_the_runtime() {
    let (dispatcher, journal) = meeting();
    let report = dispatcher.emit(Met);
    assert_eq!(journal.take(), ["inline first", "inline second"]);
    assert_eq!((report.done(), report.handed_over()), (2, 3));
    assert_eq!(report.deliveries(), 5);
    idle().await;
    assert_eq!(journal.take().len(), 6);
}

#[derive(Event)]
struct Raced;

#[derive(Event)]
struct Ranked(&'static str);

#[handler(priority = 1)]
async fn slow(_event: &Raced, gate: &Gate, emitter: Emitter<Ranked>) -> Ranked {
    emitter.emit_after(Ranked("slow, emitted"));
    gate.pass().await;
    Ranked("slow")
}

#[handler(priority = 2)]
async fn fast(_event: &Raced, gate: &Gate) -> Ranked {
    gate.open_for_all();
    Ranked("fast")
}

#[handler(priority = 3)]
async fn failing_with_emitter(
    _event: &Raced,
    emitter: Emitter<Ranked>,
) -> Result<(), &'static str> {
    emitter.emit_after(Ranked("failing"));
    Err("no")
}

#[handler]
fn rank(event: &Ranked, journal: &Journal) {
    journal.write(event.0);
}

#[handler]
fn returns_first(_event: &Raced) -> Ranked {
    Ranked("inline")
}

#[tokio::test]
async fn what_async_handlers_return_is_emitted_in_the_order_of_handlers_not_of_completion() {
    let builder = Dispatcher::empty()
        .handler(slow)
        .handler(fast)
        .handler(failing_with_emitter)
        .handler(rank)
        .handler(returns_first)
        .provide(Gate::default());
    let (builder, journal) = journal(builder);
    let dispatcher = builder.build().expect("wired");
    let subscription = dispatcher.subscribe_async(|_: Arc<Raced>| async { Ranked("subscription") });
    let report = dispatcher.emit_async(Raced).await;
    // The subscription's priority is the lowest.
    let expected = [
        "inline",
        "subscription",
        "slow, emitted",
        "slow",
        "fast",
        "failing",
    ];
    assert_eq!(journal.take(), expected);
    let returned = report.returned::<Ranked>();
    let returned: Vec<_> = returned.map(|(_, ranked)| ranked.0).collect();
    assert_eq!(returned, expected);
    drop(subscription);
}

#[derive(Event)]
struct Sequenced {
    asked: Arc<Mutex<Vec<ThreadId>>>,
}

impl Sequenced {
    fn new() -> (Self, Arc<Mutex<Vec<ThreadId>>>) {
        let asked: Arc<Mutex<Vec<ThreadId>>> = Arc::default();
        let event = Self {
            asked: asked.clone(),
        };
        (event, asked)
    }
}

fn ask(event: &Sequenced) -> bool {
    let mut asked = event.asked.lock().expect("not poisoned");
    asked.push(std::thread::current().id());
    true
}

/// Sorts behind the one that waits for it.
#[handler(priority = 5)]
async fn early(_event: &Sequenced, journal: &Journal, gate: &Gate) -> Result<(), &'static str> {
    journal.write("early begins");
    gate.pass().await;
    journal.write("early fails");
    Err("and that is an end, too")
}

#[handler(after = early, filter = ask)]
async fn late(_event: &Sequenced, journal: &Journal, arrived: &Arrived) {
    journal.write("late");
    arrived.0.set();
}

#[handler(filter = ask)]
async fn free(_event: &Sequenced, journal: &Journal) {
    journal.write("free");
}

fn sequence() -> (Dispatcher, Arc<Journal>, Arc<Gate>, Arc<Arrived>) {
    let (gate, arrived) = (Arc::new(Gate::default()), Arc::new(Arrived::default()));
    let builder = Dispatcher::empty()
        .handler(early)
        .handler(late)
        .handler(free)
        .provide_arc(arrived.clone())
        .provide_arc(gate.clone());
    let (builder, journal) = journal(builder);
    (builder.build().expect("wired"), journal, gate, arrived)
}

#[tokio::test]
async fn after_holds_an_async_handler_back_until_the_other_has_ended_in_emit_async() {
    let (dispatcher, journal, gate, _) = sequence();
    let (event, _) = Sequenced::new();
    let mut emission = Box::pin(dispatcher.emit_async(event).into_future());
    for _ in 0..3 {
        assert!(poll(&mut emission).is_none());
    }
    let mut begun = journal.take();
    begun.sort();
    assert_eq!(begun, ["early begins", "free"]);
    gate.open_for_all();
    let report = poll(&mut emission).expect("nothing else to wait for");
    assert_eq!(journal.take(), ["early fails", "late"]);
    assert_eq!((report.done(), report.failed()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn after_holds_an_async_handler_back_until_the_other_has_ended_in_emit() {
    let (dispatcher, journal, gate, arrived) = sequence();
    let (event, _) = Sequenced::new();
    assert_eq!(dispatcher.emit(event).handed_over(), 3);
    idle().await;
    let mut begun = journal.take();
    begun.sort();
    assert_eq!(begun, ["early begins", "free"]);
    gate.open_for_all();
    arrived.0.wait().await;
    assert_eq!(journal.take(), ["early fails", "late"]);
}

#[tokio::test]
async fn a_handler_left_out_satisfies_after() {
    let (builder, journal) = journal(
        Dispatcher::empty()
            .handler(late)
            .provide(Arrived::default()),
    );
    let dispatcher = builder.build().expect("wired");
    let (event, _) = Sequenced::new();
    assert_eq!(dispatcher.emit_async(event).await.done(), 1);
    assert_eq!(journal.take(), ["late"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_are_asked_once_on_the_emitters_thread_when_the_async_handlers_start() {
    let (dispatcher, _, gate, arrived) = sequence();
    let here = std::thread::current().id();
    let (event, asked) = Sequenced::new();
    dispatcher.emit(event);
    assert_eq!(*asked.lock().expect("not poisoned"), [here, here]);
    gate.open_for_all();
    arrived.0.wait().await;
    assert_eq!(asked.lock().expect("not poisoned").len(), 2);

    let (dispatcher, _, gate, _) = sequence();
    let (event, asked) = Sequenced::new();
    let mut emission = Box::pin(dispatcher.emit_async(event).into_future());
    assert!(poll(&mut emission).is_none());
    assert_eq!(asked.lock().expect("not poisoned").len(), 2);
    gate.open_for_all();
    assert!(poll(&mut emission).is_some());
    assert_eq!(asked.lock().expect("not poisoned").len(), 2);
}
