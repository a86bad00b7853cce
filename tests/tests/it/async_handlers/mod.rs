//! Handlers that are `async fn`s: inside of `emit_async`, and handed to the runtime by `emit`.

#![allow(
    clippy::unnecessary_wraps,
    reason = "handlers return what the test is about"
)]

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use event_core::error::RedeliverError;
use event_core::event::AnyEvent;
use event_core::flag::Flag;
use event_core::param::{Delivery, Param, Resolver};
use event_core::queue::{Overflow, Queue};
use event_core::report::{Ended, Skip};
use event_core::{
    Dispatcher, DispatcherBuilder, DispatcherHandle, Emitter, Event, Subscription, handler,
    handlers,
};
use event_tests::{Gate, Heard, Journal, Watch, idle, poll, short, until};
use tokio::sync::Barrier;

fn journal(builder: DispatcherBuilder) -> (DispatcherBuilder, Arc<Journal>) {
    let journal = Arc::new(Journal::default());
    (builder.provide_arc(journal.clone()), journal)
}

/// A flag that says that a handler has come to its end.
#[derive(Debug, Default)]
struct Arrived(Flag);

// --- Order -----------------------------------------------------------------------------------

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
        .only(inline_first)
        .only(inline_second)
        .only(meets_a)
        .only(meets_b)
        .only(meets_c)
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
    emitter.emit(Ranked("slow, emitted"));
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
    emitter.emit(Ranked("failing"));
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
        .only(slow)
        .only(fast)
        .only(failing_with_emitter)
        .only(rank)
        .only(returns_first)
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
        .only(early)
        .only(late)
        .only(free)
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
    let (builder, journal) = journal(Dispatcher::empty().only(late).provide(Arrived::default()));
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

// --- Isolation -------------------------------------------------------------------------------

#[derive(Event)]
struct Struck;

#[handler]
async fn bystander(_event: &Struck, journal: &Journal) {
    tokio::task::yield_now().await;
    journal.write("bystander");
}

#[handler]
async fn fails(_event: &Struck) -> Result<(), &'static str> {
    tokio::task::yield_now().await;
    Err("failed on purpose")
}

#[handler]
async fn panics_at_once(_event: &Struck) {
    panic!("panicked at once");
}

#[handler]
async fn panics_later(_event: &Struck) {
    tokio::task::yield_now().await;
    panic!("panicked later");
}

/// Panics in its `Drop`.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "panicked in a drop");
    }
}

#[handler]
async fn panics_in_a_drop(_event: &Struck) {
    let _grenade = Grenade;
    tokio::task::yield_now().await;
}

struct Refusing;

impl Param for Refusing {
    type State = ();
    type Rejection = &'static str;

    fn resolve(_: &mut Resolver<'_>) -> Option<()> {
        Some(())
    }

    fn param((): &(), _: &Delivery<'_>) -> Result<Self, &'static str> {
        Err("refused on purpose")
    }
}

#[handler]
async fn param_refuses(_event: &Struck, _refusing: Refusing) {
    unreachable!("its parameter refuses");
}

struct Exploding;

impl Param for Exploding {
    type State = ();
    type Rejection = std::convert::Infallible;

    fn resolve(_: &mut Resolver<'_>) -> Option<()> {
        Some(())
    }

    fn param((): &(), _: &Delivery<'_>) -> Result<Self, Self::Rejection> {
        panic!("panicked in a parameter");
    }
}

#[handler]
async fn param_panics(_event: &Struck, _exploding: Exploding) {
    unreachable!("its parameter panics");
}

fn filter_panics(_event: &Struck) -> bool {
    panic!("panicked in a filter");
}

#[handler(filter = filter_panics)]
async fn behind_a_panicking_filter(_event: &Struck) {
    unreachable!("its filter panics");
}

fn never(_event: &Struck) -> bool {
    false
}

#[handler(filter = never)]
async fn filtered(_event: &Struck) {
    unreachable!("its filter does not hold");
}

#[handler(timeout = "5s")]
async fn times_out(_event: &Struck) {
    std::future::pending::<()>().await;
}

#[handler(timeout = "5s")]
async fn panics_when_its_time_is_over(_event: &Struck) {
    let _grenade = Grenade;
    std::future::pending::<()>().await;
}

#[handler(timeout = "5s")]
async fn is_in_time(_event: &Struck) {
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
}

fn struck() -> (DispatcherBuilder, Arc<Journal>, Arc<Watch>) {
    let watch = Arc::new(Watch::default());
    let builder = Dispatcher::empty()
        .only(bystander)
        .only(fails)
        .only(panics_at_once)
        .only(panics_later)
        .only(panics_in_a_drop)
        .only(param_refuses)
        .only(param_panics)
        .only(behind_a_panicking_filter)
        .only(filtered)
        .only(times_out)
        .only(panics_when_its_time_is_over)
        .only(is_in_time)
        .observe(watch.clone());
    let (builder, journal) = journal(builder);
    (builder, journal, watch)
}

const ENDS: [(&str, Ended); 12] = [
    ("behind_a_panicking_filter", Ended::Panicked),
    ("bystander", Ended::Done),
    ("fails", Ended::Failed),
    ("filtered", Ended::Skipped(Skip::Filter)),
    ("is_in_time", Ended::Done),
    ("panics_at_once", Ended::Panicked),
    ("panics_in_a_drop", Ended::Panicked),
    ("panics_later", Ended::Panicked),
    ("panics_when_its_time_is_over", Ended::Panicked),
    ("param_panics", Ended::Panicked),
    ("param_refuses", Ended::Failed),
    ("times_out", Ended::TimedOut),
];

const TEXTS: [(&str, &str); 9] = [
    (
        "behind_a_panicking_filter",
        "panicked on `it::async_handlers::Struck`: panicked in a filter",
    ),
    (
        "fails",
        "failed on `it::async_handlers::Struck`: failed on purpose",
    ),
    (
        "panics_at_once",
        "panicked on `it::async_handlers::Struck`: panicked at once",
    ),
    (
        "panics_in_a_drop",
        "panicked on `it::async_handlers::Struck`: panicked in a drop",
    ),
    (
        "panics_later",
        "panicked on `it::async_handlers::Struck`: panicked later",
    ),
    (
        "panics_when_its_time_is_over",
        "panicked on `it::async_handlers::Struck`: panicked in a drop",
    ),
    (
        "param_panics",
        "panicked on `it::async_handlers::Struck`: panicked in a parameter",
    ),
    (
        "param_refuses",
        "failed on `it::async_handlers::Struck`: refused on purpose",
    ),
    (
        "times_out",
        "timed out on `it::async_handlers::Struck` after 5s",
    ),
];

fn assert_ends(watch: &Watch) {
    let mut ended = watch.ended();
    ended.sort_by(|(one, _), (other, _)| one.cmp(other));
    let expected = ENDS.map(|(name, ended)| (name.to_owned(), ended));
    assert_eq!(ended, expected);
}

#[tokio::test(start_paused = true)]
async fn each_failure_of_an_async_handler_stays_its_own_in_emit_async() {
    let (builder, journal, watch) = struck();
    let report = builder.build().expect("wired").emit_async(Struck).await;
    assert_eq!(journal.take(), ["bystander"]);
    assert_eq!(report.done(), 2);
    assert_eq!(report.failed(), 2);
    assert_eq!(report.panicked(), 6);
    assert_eq!(report.timed_out(), 1);
    assert_eq!(report.skipped(), 1);
    assert_eq!(report.deliveries(), 12);
    let mut failures: Vec<_> = report
        .failures()
        .iter()
        .map(|failure| {
            let handler = failure.handler().expect("by a handler");
            let text = failure.to_string();
            let text = text.replace(&format!("handler {handler} "), "");
            (short(handler), text)
        })
        .collect();
    failures.sort();
    let expected = TEXTS.map(|(name, text)| (name.to_owned(), text.to_owned()));
    assert_eq!(failures, expected);
    assert_ends(&watch);
}

#[tokio::test(start_paused = true)]
async fn each_failure_of_a_detached_handler_is_heard_once() {
    let (builder, journal, watch) = struck();
    let heard = Heard::default();
    let dispatcher = builder.on_failure(heard.hook()).build().expect("wired");
    let report = dispatcher.emit(Struck);
    assert_eq!((report.handed_over(), report.panicked()), (10, 1));
    assert_eq!(report.skipped(), 1);
    let shutdown = dispatcher.shutdown(std::time::Duration::from_mins(1)).await;
    assert!(shutdown.is_complete());
    assert_eq!(journal.take(), ["bystander"]);
    let heard = heard.take();
    assert_eq!(heard.len(), TEXTS.len() - 1, "{heard:#?}");
    for (name, text) in &TEXTS[1..] {
        let of = |line: &&String| line.contains(&format!("::{name} ")) && line.ends_with(text);
        assert_eq!(heard.iter().filter(of).count(), 1, "{name}: {heard:#?}");
    }
    assert_ends(&watch);
}

#[tokio::test]
async fn a_subscriptions_closure_may_panic_before_it_makes_its_future() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let panicking = dispatcher.subscribe_async(|_: Arc<Struck>| -> std::future::Ready<()> {
        panic!("panicked in the closure")
    });
    let report = dispatcher.emit_async(Struck).await;
    assert_eq!((report.done(), report.panicked()), (0, 1));
    assert_eq!(
        report.failures()[0].panic_message(),
        Some("panicked in the closure")
    );
    drop(panicking);
}

// --- Subscriptions ---------------------------------------------------------------------------

#[derive(Event)]
struct Tick;

#[derive(Debug, Default)]
struct Counter(AtomicUsize);

impl Counter {
    /// Ends what goes on for ever.
    fn add(&self) {
        assert!(self.0.fetch_add(1, Ordering::Relaxed) < 1_000, "no limit");
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn an_async_subscription_runs_until_its_guard_is_dropped() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let counter = Arc::new(Counter::default());
    let guard = dispatcher.subscribe_async({
        let counter = counter.clone();
        move |_: Arc<Tick>| {
            let counter = counter.clone();
            async move {
                tokio::task::yield_now().await;
                counter.add();
            }
        }
    });
    assert_eq!(dispatcher.emit_async(Tick).await.done(), 1);
    assert_eq!(dispatcher.emit(Tick).handed_over(), 1);
    idle().await;
    assert_eq!(counter.get(), 2);
    drop(guard);
    assert_eq!(dispatcher.emit_async(Tick).await.deliveries(), 0);
    assert_eq!(dispatcher.emit(Tick).deliveries(), 0);
    assert_eq!(Arc::strong_count(&counter), 1);
}

#[tokio::test]
async fn an_async_subscription_of_one_call_is_called_once() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let counter = Arc::new(Counter::default());
    let in_closure = counter.clone();
    let guard = dispatcher
        .subscription()
        .once()
        .subscribe_async(move |_: Arc<Tick>| {
            in_closure.add();
            std::future::ready(())
        });
    assert_eq!(dispatcher.emit_async(Tick).await.deliveries(), 1);
    assert_eq!(dispatcher.emit_async(Tick).await.deliveries(), 0);
    assert_eq!(dispatcher.emit(Tick).deliveries(), 0);
    assert_eq!(counter.get(), 1);
    drop(guard);
}

#[tokio::test]
async fn a_weak_async_subscription_ends_with_its_target_and_does_not_keep_it() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let target = Arc::new(Counter::default());
    dispatcher
        .subscription()
        .weak(&target)
        .subscribe_async(|counter: Arc<Counter>, _: Arc<Tick>| async move {
            counter.add();
        })
        .detach();
    assert_eq!(dispatcher.emit_async(Tick).await.done(), 1);
    assert_eq!((target.get(), Arc::strong_count(&target)), (1, 1));
    drop(target);
    assert_eq!(dispatcher.emit_async(Tick).await.deliveries(), 0);
    assert_eq!(dispatcher.emit(Tick).deliveries(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_weak_subscription_whose_target_ends_before_its_task_starts_is_skipped() {
    let watch = Arc::new(Watch::default());
    let builder = Dispatcher::empty().observe(watch.clone());
    let dispatcher = builder.build().expect("wired");
    let target = Arc::new(Counter::default());
    dispatcher
        .subscription()
        .weak(&target)
        .subscribe_async(|counter: Arc<Counter>, _: Arc<Tick>| async move {
            counter.add();
        })
        .detach();
    assert_eq!(dispatcher.emit(Tick).handed_over(), 1);
    drop(target);
    idle().await;
    assert_eq!(
        watch.ended_of("subscription"),
        [Ended::Skipped(Skip::Cancelled)]
    );
}

#[tokio::test]
async fn subscribed_during_an_emission_means_next_time_for_async_subscriptions_too() {
    for has_another in [false, true] {
        let dispatcher = Dispatcher::empty().build().expect("wired");
        let another =
            has_another.then(|| dispatcher.subscribe_async(|_: Arc<Tick>| std::future::ready(())));
        let guards: Arc<Mutex<Vec<Subscription>>> = Arc::default();
        let counter = Arc::new(Counter::default());
        let outer = dispatcher.subscription().once().subscribe({
            let (handle, guards, counter) = (dispatcher.handle(), guards.clone(), counter.clone());
            move |_: &Tick| {
                let dispatcher = handle.get().expect("alive");
                let counter = counter.clone();
                let inner = dispatcher.subscribe_async(move |_: Arc<Tick>| {
                    counter.add();
                    std::future::ready(())
                });
                guards.lock().expect("not poisoned").push(inner);
            }
        });
        dispatcher.emit_async(Tick).await;
        assert_eq!(counter.get(), 0, "has another: {has_another}");
        dispatcher.emit_async(Tick).await;
        assert_eq!(counter.get(), 1, "has another: {has_another}");
        guards.lock().expect("not poisoned").clear();
        drop((outer, another));
    }
}

#[tokio::test]
async fn cancelled_during_an_emission_means_not_called_any_more_for_async_subscriptions_too() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let counter = Arc::new(Counter::default());
    let in_closure = counter.clone();
    let later = dispatcher.subscribe_async(move |_: Arc<Tick>| {
        in_closure.add();
        std::future::ready(())
    });
    let later = Mutex::new(Some(later));
    let first = dispatcher.subscribe(move |_: &Tick| {
        drop(later.lock().expect("not poisoned").take());
    });
    assert_eq!(dispatcher.emit_async(Tick).await.deliveries(), 1);
    assert_eq!(counter.get(), 0);
    drop(first);
}

// --- Other kinds of handlers -----------------------------------------------------------------

#[handler(events = "async_kinds.*")]
async fn catch_some(event: &dyn AnyEvent, journal: &Journal) {
    tokio::task::yield_now().await;
    journal.write(event.name());
}

#[derive(Event)]
#[event(name = "async_kinds.opened")]
struct Opened;

#[derive(Event)]
#[event(name = "async_kinds.closed")]
struct Closed;

#[handler]
async fn closes(_event: &Opened) -> Closed {
    Closed
}

#[tokio::test(start_paused = true)]
async fn an_async_catch_all_sees_each_event_of_a_cascade() {
    let (builder, journal) = journal(Dispatcher::empty().only(catch_some).only(closes));
    let dispatcher = builder.build().expect("wired");
    let report = dispatcher.emit_async(Opened).await;
    assert_eq!((report.done(), report.events()), (3, 2));
    assert_eq!(journal.take(), ["async_kinds.opened", "async_kinds.closed"]);
    assert_eq!(dispatcher.emit(Closed).handed_over(), 1);
    idle().await;
    assert_eq!(journal.take(), ["async_kinds.closed"]);
}

#[derive(Default)]
struct Mailer(Journal);

#[derive(Event)]
struct SignedUp;

#[handlers]
impl Mailer {
    #[handler(timeout = "1s")]
    async fn welcome(&self, _event: &SignedUp) -> Result<Welcomed, String> {
        tokio::task::yield_now().await;
        self.0.write("welcome");
        Ok(Welcomed)
    }
}

#[derive(Event)]
struct Welcomed;

#[tokio::test]
async fn an_async_method_is_a_handler() {
    let mailer = Arc::new(Mailer::default());
    let builder = Dispatcher::empty().only(Mailer::welcome);
    let dispatcher = builder.provide_arc(mailer.clone()).build().expect("wired");
    let report = dispatcher.emit_async(SignedUp).await;
    assert_eq!(report.returned::<Welcomed>().count(), 1);
    assert_eq!(mailer.0.take(), ["welcome"]);
}

// --- Limits ----------------------------------------------------------------------------------

#[derive(Event)]
struct Nested;

#[handler]
async fn nests_async(_event: &Nested, handle: &DispatcherHandle, counter: &Counter) {
    counter.add();
    tokio::task::yield_now().await;
    let dispatcher = handle.get().expect("alive");
    dispatcher.emit_async(Nested).await;
}

#[handler]
async fn nests(_event: &Nested, handle: &DispatcherHandle, counter: &Counter) {
    counter.add();
    tokio::task::yield_now().await;
    handle.emit(Nested).expect("alive");
}

#[handler]
async fn nests_shielded(_event: &Nested, handle: &DispatcherHandle, counter: &Counter) {
    counter.add();
    tokio::task::yield_now().await;
    let dispatcher = handle.get().expect("alive");
    dispatcher.emit_async(Nested).shielded().await;
}

fn nesting<F: Copy + 'static>(handler: F, heard: &Heard) -> (Dispatcher, Arc<Counter>) {
    let counter = Arc::new(Counter::default());
    let builder = Dispatcher::empty().only(handler).depth_limit(5);
    let handle = builder.handle();
    let dispatcher = builder
        .provide(handle)
        .provide_arc(counter.clone())
        .on_failure(heard.hook())
        .build()
        .expect("wired");
    (dispatcher, counter)
}

#[tokio::test]
async fn emissions_inside_of_async_handlers_count_towards_the_depth_limit() {
    let heard = Heard::default();
    let (dispatcher, counter) = nesting(nests_async, &heard);
    let report = dispatcher.emit_async(Nested).await;
    assert_eq!(counter.get(), 6);
    let failure = report.failures().first().expect("the limit was crossed");
    let text = "`it::async_handlers::Nested` was not emitted: 6 causes lie before it, more than the \
                `depth_limit` of 5";
    assert_eq!(failure.to_string(), text);
}

#[tokio::test(start_paused = true)]
async fn emits_of_detached_handlers_count_towards_the_depth_limit() {
    let heard = Heard::default();
    let (dispatcher, counter) = nesting(nests, &heard);
    dispatcher.emit(Nested);
    idle().await;
    assert_eq!(counter.get(), 6);
    assert_eq!(heard.take().len(), 1);
}

#[tokio::test]
async fn shielded_emissions_inside_of_async_handlers_count_towards_the_depth_limit() {
    let heard = Heard::default();
    let (dispatcher, counter) = nesting(nests_shielded, &heard);
    dispatcher.emit_async(Nested).await;
    assert_eq!(counter.get(), 6);
}

#[tokio::test(start_paused = true)]
async fn an_emit_before_a_subscription_makes_its_future_counts_towards_the_depth_limit() {
    let builder = Dispatcher::empty().depth_limit(5);
    let dispatcher = builder.build().expect("wired");
    let counter = Arc::new(Counter::default());
    let guard = dispatcher.subscribe_async({
        let (handle, counter) = (dispatcher.handle(), counter.clone());
        move |_: Arc<Tick>| {
            counter.add();
            handle.emit(Tick).expect("alive");
            std::future::ready(())
        }
    });
    dispatcher.emit(Tick);
    idle().await;
    assert_eq!(counter.get(), 6);
    drop(guard);
}

#[derive(Event)]
struct Echo;

#[handler]
async fn echo(_event: &Echo, counter: &Counter) -> Echo {
    counter.add();
    tokio::task::yield_now().await;
    Echo
}

#[derive(Event)]
struct Doubling;

#[handler]
async fn double(_event: &Doubling, counter: &Counter) -> (Doubling, Doubling) {
    counter.add();
    (Doubling, Doubling)
}

fn limited<F: Copy + 'static>(handler: F) -> (DispatcherBuilder, Arc<Counter>) {
    let counter = Arc::new(Counter::default());
    let builder = Dispatcher::empty().only(handler);
    (builder.provide_arc(counter.clone()), counter)
}

#[tokio::test]
async fn the_depth_of_a_cascade_of_async_handlers_is_limited() {
    let (builder, counter) = limited(echo);
    let dispatcher = builder.depth_limit(3).build().expect("wired");
    let report = dispatcher.emit_async(Echo).await;
    assert_eq!(counter.get(), 4);
    assert_eq!((report.done(), report.not_emitted()), (4, 1));
    assert_eq!(report.failures().len(), 1);
    let by = report.failures()[0].handler().expect("by a handler");
    assert_eq!(short(by), "echo");
}

#[tokio::test(start_paused = true)]
async fn the_depth_of_a_cascade_of_detached_handlers_is_limited() {
    let (builder, counter) = limited(echo);
    let heard = Heard::default();
    let builder = builder.depth_limit(3).on_failure(heard.hook());
    let dispatcher = builder.build().expect("wired");
    dispatcher.emit(Echo);
    idle().await;
    assert_eq!(counter.get(), 4);
    let heard = heard.take();
    assert_eq!(heard.len(), 1, "{heard:#?}");
    assert!(
        heard[0].contains("more than 3 causes lie before it"),
        "{heard:?}"
    );
}

#[tokio::test]
async fn the_number_of_events_that_async_handlers_cause_is_limited() {
    let (builder, counter) = limited(double);
    let dispatcher = builder.count_limit(10).build().expect("wired");
    let report = dispatcher.emit_async(Doubling).await;
    assert_eq!(counter.get(), 11);
    assert_eq!((report.events(), report.done()), (11, 11));
    assert_eq!(report.not_emitted(), 12);
}

// --- Stopping --------------------------------------------------------------------------------

static STOPPED: Queue = Queue::new("stopped");

#[derive(Event)]
#[event(stoppable)]
struct Pressed;

#[handler]
fn stops(_event: &Pressed) -> ControlFlow<()> {
    ControlFlow::Break(())
}

#[handler(priority = 1)]
fn inline_behind(_event: &Pressed) {
    unreachable!("stopped");
}

#[handler]
async fn async_behind(_event: &Pressed, journal: &Journal) {
    journal.write("async");
}

#[handler(after = async_behind)]
async fn async_far_behind(_event: &Pressed, journal: &Journal) {
    journal.write("async");
}

#[handler(queue = STOPPED)]
async fn queued_behind(_event: &Pressed, journal: &Journal) {
    journal.write("queued");
}

#[derive(Event)]
struct Moved;

#[handler]
fn presses(_event: &Moved) -> Pressed {
    Pressed
}

#[tokio::test(start_paused = true)]
async fn a_break_skips_all_async_and_queued_handlers_in_every_form() {
    for has_queue in [false, true] {
        for has_subscription in [false, true] {
            let watch = Arc::new(Watch::default());
            let mut builder = Dispatcher::empty()
                .only(stops)
                .only(inline_behind)
                .only(async_behind)
                .only(async_far_behind)
                .only(presses)
                .observe(watch.clone());
            if has_queue {
                builder = builder.only(queued_behind);
            }
            let (builder, journal) = journal(builder);
            let dispatcher = builder.build().expect("wired");
            let subscription = has_subscription
                .then(|| dispatcher.subscribe_async(|_: Arc<Pressed>| std::future::ready(())));
            let skipped = 3 + usize::from(has_queue) + usize::from(has_subscription);
            let reports = [
                (dispatcher.emit(Pressed), 1),
                (dispatcher.try_emit(Pressed).expect("no failure"), 1),
                (dispatcher.emit_async(Pressed).await, 1),
                (dispatcher.emit(Moved), 2),
                (dispatcher.emit_async(Moved).await, 2),
            ];
            idle().await;
            assert!(journal.take().is_empty());
            for (at, (report, done)) in reports.iter().enumerate() {
                let counts = (report.done(), report.skipped(), report.deliveries());
                assert_eq!(
                    counts,
                    (*done, skipped, done + skipped),
                    "form {at}, queue: {has_queue}, subscription: {has_subscription}"
                );
                assert_eq!(report.stopped_by().map(short).as_deref(), Some("stops"));
            }
            assert_eq!(watch.count(Ended::Skipped(Skip::Break)), 5 * skipped);
            assert_eq!(watch.totals().1, 5 * (1 + skipped) + 2);
            drop(subscription);
        }
    }
}

// --- try_emit --------------------------------------------------------------------------------

static TRIED: Queue = Queue::new("tried");

#[derive(Event)]
struct Tried {
    inline_fails: bool,
    filter_panics: bool,
}

#[handler]
fn may_fail(event: &Tried) -> Result<Tick, &'static str> {
    if event.inline_fails {
        return Err("first failure");
    }
    Ok(Tick)
}

fn may_panic(event: &Tried) -> bool {
    assert!(!event.filter_panics, "first failure");
    true
}

#[handler(priority = 1, filter = may_panic)]
async fn tried_first(_event: &Tried, journal: &Journal) {
    journal.write("first");
}

#[handler(priority = 2)]
async fn tried_second(_event: &Tried, journal: &Journal) {
    journal.write("second");
}

#[handler(priority = 3, queue = TRIED)]
async fn tried_in_a_queue(_event: &Tried, journal: &Journal) {
    journal.write("queued");
}

#[handler]
fn never_ticks(_event: &Tick, journal: &Journal) {
    journal.write("tick");
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_of_try_emit_starts_nothing_further() {
    let (builder, journal) = journal(
        Dispatcher::empty()
            .only(may_fail)
            .only(tried_first)
            .only(tried_second)
            .only(tried_in_a_queue)
            .only(never_ticks),
    );
    let dispatcher = builder.build().expect("wired");
    let subscription = dispatcher.subscribe_async({
        let journal = journal.clone();
        move |_: Arc<Tried>| {
            journal.write("subscription");
            std::future::ready(())
        }
    });
    for (inline_fails, filter_panics) in [(true, false), (false, true)] {
        let event = Tried {
            inline_fails,
            filter_panics,
        };
        let error = dispatcher.try_emit(event).expect_err("it fails");
        assert_eq!(error.report().failures().len(), 1);
        idle().await;
        assert!(journal.take().is_empty());
        assert_eq!(error.report().deliveries(), 5);
    }
    let event = Tried {
        inline_fails: false,
        filter_panics: false,
    };
    let report = dispatcher.try_emit(event).expect("no failure");
    assert_eq!((report.done(), report.handed_over()), (2, 4));
    drop(subscription);
}

#[derive(Event)]
struct TriedInOrder;

#[handler]
async fn ordered_first(_event: &TriedInOrder, journal: &Journal) {
    journal.write("first");
}

fn always_panics(_event: &TriedInOrder) -> bool {
    panic!("first failure");
}

#[handler(after = ordered_first, filter = always_panics)]
async fn ordered_second(_event: &TriedInOrder) {
    unreachable!("its filter panics");
}

#[tokio::test(start_paused = true)]
async fn a_failed_try_emit_starts_none_of_the_handlers_that_wait_for_each_other() {
    let builder = Dispatcher::empty().only(ordered_first).only(ordered_second);
    let (builder, journal) = journal(builder);
    let dispatcher = builder.build().expect("wired");
    let error = dispatcher.try_emit(TriedInOrder).expect_err("it fails");
    idle().await;
    assert!(journal.take().is_empty());
    assert_eq!(error.report().deliveries(), 2);
    assert_eq!(error.report().handed_over(), 0);
}

// --- Detached --------------------------------------------------------------------------------

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
        .only(narrow)
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
    assert_eq!(failure.ended(), Some(Ended::Rejected));
    assert_eq!(watch.ended_of("narrow"), [Ended::Rejected]);

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
    assert_eq!(watch.count(Ended::Done), 2);
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
    assert_eq!(watch.ended_of("narrow"), [Ended::Cancelled, Ended::Done]);
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
        .only(chain)
        .only(narrow)
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
                .only(never_ends)
                .only(also_never_ends)
                .provide_arc(arrived.clone())
                .runtime(runtime.handle().clone())
                .observe(watch.clone())
                .on_failure(heard.hook());
            let mut handlers = vec!["also_never_ends", "never_ends"];
            if is_ordered {
                builder = builder.only(never_begins);
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
            let of = |name: &&str| ((*name).to_owned(), Ended::Abandoned);
            let expected: Vec<_> = handlers.iter().map(of).collect();
            assert_eq!(ended, expected, "dead before: {is_dead_before}");
            let heard = heard.take();
            assert_eq!(heard.len(), handlers.len(), "{heard:#?}");
            for line in heard {
                assert!(
                    line.starts_with("`it::async_handlers::Lost` was abandoned for handler"),
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
        .only(queued)
        .only(narrow)
        .provide(Gate::default());
    let (builder, journal) = journal(builder);
    let dispatcher = builder.build().expect("wired");
    dispatcher.queue(&ROOM).pause();
    dispatcher.emit(Ordered(0));
    let full = dispatcher.emit(Ordered(1));
    assert_eq!(full.rejected(), 2, "{full}");
    let mut emission = Box::pin(dispatcher.emit_async(Ordered(2)).into_future());
    assert!(poll(&mut emission).is_none());
    dispatcher.queue(&ROOM).resume();
    idle().await;
    assert!(poll(&mut emission).is_none(), "`narrow` is at its limit");
    idle().await;
    let lines = journal.take();
    assert!(lines.contains(&"queued 2".to_owned()), "{lines:?}");
}

#[test]
fn emit_blocking_is_an_error_inside_of_a_runtime_and_waits_for_room_outside() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let builder = Dispatcher::empty().only(queued);
    let (builder, journal) = journal(builder.runtime(runtime.handle().clone()));
    let dispatcher = builder.build().expect("wired");
    let inside = runtime.block_on(async { dispatcher.emit_blocking(Ordered(0)) });
    assert!(inside.is_err());
    assert!(journal.take().is_empty());

    dispatcher.queue(&ROOM).pause();
    dispatcher.emit(Ordered(1));
    let waiting = std::thread::scope(|scope| {
        let blocked = scope.spawn(|| dispatcher.emit_blocking(Ordered(2)));
        until("it waits for room", || {
            dispatcher.queue(&ROOM).counts().waits == 1
        });
        assert!(!blocked.is_finished());
        dispatcher.queue(&ROOM).resume();
        blocked.join().expect("no panic")
    });
    assert_eq!(waiting.expect("outside of a runtime").handed_over(), 1);
    runtime.block_on(dispatcher.queue(&ROOM).join());
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
    assert_eq!(failure.ended(), Some(Ended::Abandoned));
    assert!(
        failure.to_string().contains("`.runtime(handle)`"),
        "{failure}"
    );
    // Whoever polls it himself needs none.
    assert_eq!(pollster::block_on(dispatcher.emit_async(Lone)).done(), 1);
}
