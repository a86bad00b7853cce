//! What handlers learn of an emission: its identity, its time, its descent, and what came along.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use event_core::observer::{EmissionSeen, Observer};
use event_core::queue::Queue;
use event_core::{
    Context, Dispatcher, DispatcherBuilder, DispatcherHandle, Emitter, Event, Meta, handler,
};
use event_tests::{Heard, idle, short};

static TASKS: Queue = Queue::new("tasks");
static THREADS: Queue = Queue::new("threads");

/// Which handler saw what.
#[derive(Debug, Default)]
struct Seen(Mutex<Vec<(&'static str, Meta)>>);

impl Seen {
    fn note(&self, handler: &'static str, meta: Meta) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((handler, meta));
    }

    fn take(&self) -> Vec<(&'static str, Meta)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn of(&self, handler: &str) -> Meta {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut of = all.iter().filter(|(name, _)| *name == handler);
        let meta = of.next().map(|(_, meta)| meta.clone());
        meta.unwrap_or_else(|| panic!("`{handler}` did not run: {all:?}"))
    }
}

#[derive(Event)]
struct Placed;

macro_rules! witnesses {
    ($($event:ident: $inline:ident $second:ident $detached:ident $by_task:ident $by_thread:ident;)+) => {$(
        #[handler]
        fn $inline(_event: &$event, meta: Meta, seen: &Seen) {
            seen.note(stringify!($inline), meta);
        }
        #[handler]
        fn $second(_event: &$event, seen: &Seen, meta: Meta) {
            seen.note(stringify!($second), meta);
        }
        #[handler]
        async fn $detached(_event: &$event, meta: Meta, seen: &Seen) {
            tokio::task::yield_now().await;
            seen.note(stringify!($detached), meta);
        }
        #[handler(queue = TASKS)]
        async fn $by_task(_event: &$event, meta: Meta, seen: &Seen) {
            tokio::task::yield_now().await;
            seen.note(stringify!($by_task), meta);
        }
        #[handler(queue = THREADS)]
        fn $by_thread(_event: &$event, meta: Meta, seen: &Seen) {
            seen.note(stringify!($by_thread), meta);
        }
    )+};
}

witnesses! {
    Placed: placed_inline placed_second placed_async placed_by_task placed_by_thread;
}

fn seen(builder: DispatcherBuilder) -> (DispatcherBuilder, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    (builder.provide_arc(seen.clone()), seen)
}

async fn quiet(dispatcher: &Dispatcher) {
    idle().await;
    dispatcher.queue(&TASKS).join().await;
    dispatcher.queue(&THREADS).join().await;
    idle().await;
}

#[tokio::test(start_paused = true)]
async fn all_handlers_of_one_emission_see_the_same() {
    let builder = Dispatcher::empty()
        .only(placed_inline)
        .only(placed_second)
        .only(placed_async)
        .only(placed_by_task)
        .only(placed_by_thread);
    let (builder, seen) = seen(builder);
    let dispatcher = builder.build().expect("wired");
    for is_async in [false, true] {
        let before = SystemTime::now();
        if is_async {
            dispatcher.emit_async(Placed).await;
        } else {
            dispatcher.emit(Placed);
        }
        quiet(&dispatcher).await;
        let all = seen.take();
        assert_eq!(all.len(), 5);
        let (_, first) = &all[0];
        assert!(all.iter().all(|(_, meta)| meta == first), "{all:?}");
        assert_eq!(first.id().get_version_num(), 7);
        assert_eq!(first.correlation(), first.id());
        assert_eq!((first.causation(), first.depth()), (None, 0));
        assert!(first.time() >= before && first.time() <= SystemTime::now());
    }
}

#[test]
fn inline_handlers_of_one_emission_see_the_same_on_the_plain_way() {
    let builder = Dispatcher::empty().only(placed_inline).only(placed_second);
    let (builder, seen) = seen(builder);
    let dispatcher = builder.build().expect("wired");
    dispatcher.emit(Placed);
    dispatcher.emit(Placed);
    let all = seen.take();
    assert_eq!(all[0].1, all[1].1);
    assert_eq!(all[2].1, all[3].1);
    assert!(all[0].1.id() < all[2].1.id());
}

#[derive(Event)]
struct Begun;
#[derive(Event)]
struct ByInline;
#[derive(Event)]
struct ByAsync;
#[derive(Event)]
struct ByTask;
#[derive(Event)]
struct ByThread;

#[handler]
fn begins_inline(_event: &Begun, meta: Meta, seen: &Seen) -> ByInline {
    seen.note("begins_inline", meta);
    ByInline
}

#[handler]
async fn goes_on_async(_event: &ByInline, meta: Meta, seen: &Seen) -> ByAsync {
    seen.note("goes_on_async", meta);
    tokio::task::yield_now().await;
    ByAsync
}

#[handler(queue = TASKS)]
async fn goes_on_by_task(_event: &ByAsync, meta: Meta, seen: &Seen) -> ByTask {
    seen.note("goes_on_by_task", meta);
    tokio::task::yield_now().await;
    ByTask
}

#[handler(queue = THREADS)]
fn goes_on_by_thread(_event: &ByTask, meta: Meta, seen: &Seen) -> ByThread {
    seen.note("goes_on_by_thread", meta);
    ByThread
}

#[handler]
async fn ends_detached(_event: &ByThread, meta: Meta, seen: &Seen) {
    seen.note("ends_detached", meta);
}

const CHAIN: [&str; 5] = [
    "begins_inline",
    "goes_on_async",
    "goes_on_by_task",
    "goes_on_by_thread",
    "ends_detached",
];

fn chain() -> DispatcherBuilder {
    Dispatcher::empty()
        .only(begins_inline)
        .only(goes_on_async)
        .only(goes_on_by_task)
        .only(goes_on_by_thread)
        .only(ends_detached)
}

#[tokio::test(start_paused = true)]
async fn descent_goes_through_cascades_tasks_and_queues() {
    for is_async in [false, true] {
        let (builder, seen) = seen(chain());
        let dispatcher = builder.build().expect("wired");
        if is_async {
            dispatcher.emit_async(Begun).await;
        } else {
            dispatcher.emit(Begun);
        }
        for _ in 0..3 {
            quiet(&dispatcher).await;
        }
        let metas = CHAIN.map(|handler| seen.of(handler));
        assert_eq!(seen.take().len(), CHAIN.len());
        for (depth, meta) in (0..).zip(&metas) {
            assert_eq!(meta.depth(), depth);
            assert_eq!(meta.correlation(), metas[0].id());
        }
        for pair in metas.windows(2) {
            assert_eq!(pair[1].causation(), Some(pair[0].id()));
            assert!(pair[0].id() < pair[1].id(), "ids grow");
        }
    }
}

/// Keeps the identity of emissions.
#[derive(Default)]
struct Emissions(Mutex<Vec<(&'static str, Meta)>>);

impl Observer for Emissions {
    fn emission_started(&self, emission: &EmissionSeen<'_>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((emission.event().name(), emission.meta().clone()));
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_sees_the_descent_where_no_handler_asks_for_it() {
    let emissions = Arc::new(Emissions::default());
    let builder = Dispatcher::empty()
        .only(takes_nothing)
        .only(takes_nothing_either);
    let dispatcher = builder.observe(emissions.clone()).build().expect("wired");
    dispatcher.emit(Placed);
    quiet(&dispatcher).await;
    let all = emissions.0.lock().expect("not poisoned").clone();
    let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        ["it::meta::Placed", "it::meta::Begun", "it::meta::ByThread"]
    );
    for pair in all.windows(2) {
        assert_eq!(pair[1].1.causation(), Some(pair[0].1.id()));
        assert_eq!(pair[1].1.correlation(), all[0].1.id());
    }
}

#[handler]
async fn takes_nothing(_event: &Placed) -> Begun {
    Begun
}

#[handler]
async fn takes_nothing_either(_event: &Begun) -> ByThread {
    ByThread
}

#[handler]
async fn emits_async(_event: &Placed, emitter: Emitter<Begun>) {
    emitter.emit(Begun);
    tokio::task::yield_now().await;
}

#[handler]
fn emits_inline(_event: &Begun, emitter: Emitter<ByThread>) {
    emitter.emit(ByThread);
}

#[tokio::test(start_paused = true)]
async fn what_an_emitter_was_given_descends_from_its_event() {
    for is_async in [false, true] {
        let emissions = Arc::new(Emissions::default());
        let builder = Dispatcher::empty().only(emits_async).only(emits_inline);
        let dispatcher = builder.observe(emissions.clone()).build().expect("wired");
        if is_async {
            dispatcher.emit_async(Placed).await;
        } else {
            dispatcher.emit(Placed);
        }
        quiet(&dispatcher).await;
        let all = emissions.0.lock().expect("not poisoned").clone();
        assert_eq!(all.len(), 3);
        for pair in all.windows(2) {
            assert_eq!(pair[1].1.causation(), Some(pair[0].1.id()));
            assert_eq!(pair[1].1.depth(), pair[0].1.depth() + 1);
        }
    }
}

// --- Clock -----------------------------------------------------------------------------------

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn the_clock_of_the_builder_tells_the_time_and_is_asked_once_an_emission() {
    let asked = Arc::new(AtomicU64::new(0));
    let in_clock = asked.clone();
    let clock = move || at(1_000_000 + in_clock.fetch_add(1, Ordering::Relaxed));
    let builder = Dispatcher::empty().only(placed_inline).only(placed_second);
    let (builder, seen) = seen(builder.clock(clock));
    let dispatcher = builder.build().expect("wired");
    dispatcher.emit(Placed);
    dispatcher.emit(Placed);
    let times: Vec<_> = seen.take().iter().map(|(_, meta)| meta.time()).collect();
    let (first, second) = (at(1_000_000), at(1_000_001));
    assert_eq!(times, [first, first, second, second]);
}

#[test]
fn ids_grow_though_the_clock_stands_or_goes_back() {
    for step in [0, 1] {
        let asked = Arc::new(AtomicU64::new(0));
        let clock = move || at(1_000_000 - step * asked.fetch_add(1, Ordering::Relaxed));
        let (builder, seen) = seen(Dispatcher::empty().only(placed_inline).clock(clock));
        let dispatcher = builder.build().expect("wired");
        for _ in 0..2_000 {
            dispatcher.emit(Placed);
        }
        let ids: Vec<_> = seen.take().iter().map(|(_, meta)| meta.id()).collect();
        assert!(ids.is_sorted(), "back by {step} seconds");
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    }
}

#[test]
fn ids_differ_on_many_threads() {
    let (builder, seen) = seen(Dispatcher::empty().only(placed_inline));
    let dispatcher = builder.build().expect("wired");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    dispatcher.emit(Placed);
                }
            });
        }
    });
    let mut ids: Vec<_> = seen.take().iter().map(|(_, meta)| meta.id()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 2_000);
}

#[tokio::test]
async fn the_systems_clock_stands_in_for_one_that_panics_or_is_before_all_time() {
    let before = SystemTime::now();
    let builder = Dispatcher::empty().only(placed_inline).only(placed_async);
    let builder = builder.clock(|| panic!("no time"));
    let (builder, panicking) = seen(builder);
    let report = builder.build().expect("wired").emit_async(Placed).await;
    assert_eq!((report.done(), report.is_ok()), (2, true));
    let all = panicking.take();
    assert_eq!(all[0].1, all[1].1);
    assert!(all[0].1.time() >= before);

    let early = || SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    let (builder, early) = seen(Dispatcher::empty().only(placed_inline).clock(early));
    let dispatcher = builder.build().expect("wired");
    assert!(dispatcher.emit(Placed).is_ok() && dispatcher.emit(Placed).is_ok());
    let all = early.take();
    assert!(all[0].1.id() < all[1].1.id());
}

/// A clock that emits must not deadlock, whatever it gets.
#[test]
fn a_clock_may_use_the_dispatcher() {
    let handle: Arc<Mutex<Option<DispatcherHandle>>> = Arc::default();
    let in_clock = handle.clone();
    let clock = move || {
        let handle = in_clock.lock().expect("not poisoned").take();
        if let Some(handle) = handle {
            handle.emit(Placed).expect("alive");
        }
        at(1)
    };
    let builder = Dispatcher::empty().only(placed_inline).clock(clock);
    let (builder, seen) = seen(builder);
    *handle.lock().expect("not poisoned") = Some(builder.handle());
    let dispatcher = builder.build().expect("wired");
    assert!(dispatcher.emit(Placed).is_ok());
    assert_eq!(seen.take().len(), 2);
}

// --- Context ---------------------------------------------------------------------------------

#[derive(Debug, PartialEq)]
struct Tenant(&'static str);

struct Locale(&'static str);

/// Who ran, with which tenant.
#[derive(Debug, Default)]
struct Tenants(Mutex<Vec<(&'static str, Option<&'static str>)>>);

impl Tenants {
    fn note(&self, handler: &'static str, tenant: Option<&'static str>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((handler, tenant));
    }

    fn sorted(&self) -> Vec<(&'static str, Option<&'static str>)> {
        let mut all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        all.sort_unstable();
        all
    }
}

#[derive(Event)]
struct Opened;
#[derive(Event)]
struct Passed(u8);

#[handler]
fn c_inline(_event: &Opened, tenant: Context<Tenant>, tenants: &Tenants) -> Passed {
    tenants.note("inline", Some(tenant.0));
    Passed(0)
}

#[handler]
async fn c_async(_event: &Opened, tenant: Context<Tenant>, tenants: &Tenants) -> Passed {
    tokio::task::yield_now().await;
    tenants.note("async", Some(tenant.0));
    Passed(1)
}

#[handler(queue = TASKS)]
async fn c_by_task(_event: &Opened, tenant: Context<Tenant>, tenants: &Tenants) -> Passed {
    tenants.note("by task", Some(tenant.0));
    Passed(2)
}

#[handler(queue = THREADS)]
fn c_by_thread(_event: &Opened, tenant: Context<Tenant>, tenants: &Tenants) -> Passed {
    tenants.note("by thread", Some(tenant.0));
    Passed(3)
}

#[handler]
async fn c_passed(event: &Passed, tenant: Option<Context<Tenant>>, tenants: &Tenants) {
    let names = ["caused 0", "caused 1", "caused 2", "caused 3"];
    tenants.note(names[usize::from(event.0)], tenant.map(|tenant| tenant.0));
}

fn contexts(heard: &Heard) -> (Dispatcher, Arc<Tenants>) {
    let tenants = Arc::new(Tenants::default());
    let dispatcher = Dispatcher::empty()
        .only(c_inline)
        .only(c_async)
        .only(c_by_task)
        .only(c_by_thread)
        .only(c_passed)
        .provide_arc(tenants.clone())
        .on_failure(heard.hook())
        .build()
        .expect("wired");
    (dispatcher, tenants)
}

#[tokio::test(start_paused = true)]
async fn context_reaches_all_handlers_and_all_they_cause() {
    let heard = Heard::default();
    let (dispatcher, tenants) = contexts(&heard);
    let north = dispatcher.with(Tenant("south")).with(Tenant("north"));
    for is_async in [false, true] {
        if is_async {
            assert!(north.emit_async(Opened).await.is_ok());
        } else {
            assert!(north.emit(Opened).is_ok());
        }
        for _ in 0..3 {
            quiet(&dispatcher).await;
        }
        let some = Some("north");
        let expected = [
            ("async", some),
            ("by task", some),
            ("by thread", some),
            ("caused 0", some),
            ("caused 1", some),
            ("caused 2", some),
            ("caused 3", some),
            ("inline", some),
        ];
        assert_eq!(tenants.sorted(), expected);
    }
    assert!(heard.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_its_context_a_handler_fails_and_an_optional_one_does_without() {
    let heard = Heard::default();
    let (dispatcher, tenants) = contexts(&heard);
    let report = dispatcher.with(Locale("de")).emit_async(Opened).await;
    assert_eq!((report.failed(), report.handed_over()), (2, 2));
    for failure in report.failures() {
        let by = failure.handler().expect("by a handler");
        let expected = format!(
            "handler {by} failed on `it::meta::Opened`: the event was emitted without a \
             `it::meta::Tenant`; emit it with `dispatcher.with(Tenant…)`, or take \
             `Option<Context<_>>`"
        );
        assert_eq!(failure.to_string(), expected);
    }
    let mut failed: Vec<_> = report
        .failures()
        .iter()
        .filter_map(|failure| failure.handler().map(short))
        .collect();
    failed.sort();
    assert_eq!(failed, ["c_async", "c_inline"]);
    quiet(&dispatcher).await;
    assert_eq!(heard.take().len(), 2);
    assert!(tenants.sorted().is_empty());
    dispatcher.emit(Passed(0));
    quiet(&dispatcher).await;
    assert_eq!(tenants.sorted(), [("caused 0", None)]);
}

#[handler]
fn takes_both(_event: &Begun, tenant: Context<Tenant>, locale: Context<Locale>, tenants: &Tenants) {
    tenants.note(locale.0, Some(tenant.0));
    let tenant: Arc<Tenant> = tenant.into_arc();
    assert_eq!(*tenant, Tenant("north"));
}

#[test]
fn several_values_go_along_each_by_its_type() {
    let tenants = Arc::new(Tenants::default());
    let builder = Dispatcher::empty().only(takes_both);
    let dispatcher = builder.provide_arc(tenants.clone()).build().expect("wired");
    let with = dispatcher.with(Locale("de")).with(Tenant("north"));
    assert_eq!(with.emit(Begun).done(), 1);
    assert_eq!(with.clone().emit(Begun).done(), 1);
    assert_eq!(tenants.sorted(), [("de", Some("north")); 2]);
}
