//! Code that is told of what happens, and emits: what it causes comes to an end.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "handlers take parameters by value and return what the test is about"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use event_core::observer::{DeliveryResult, DeliveryView, EmissionView, Observer};
use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::report::{DeliveryStatus, Failure};
use event_core::{
    Dispatcher, Event, Meta,
    dispatcher::{DispatcherBuilder, DispatcherHandle},
    handler,
};
use event_tests::runtime;

/// The limit of causes of each dispatcher here.
const LIMIT: u32 = 12;

/// What started it.
#[derive(Event)]
struct Begun;

/// What whoever is told emits.
#[derive(Event, Debug)]
struct Alert;

static THREAD: Queue = Queue::new("thread").consumers(1);
static TASK: Queue = Queue::new("task").consumers(1);
static LOCAL: LocalQueue<()> = LocalQueue::new("local");

mod thread {
    use super::*;

    #[handler(queue = THREAD)]
    pub(crate) fn begun(_event: &Begun) -> Result<(), &'static str> {
        Err("no")
    }

    #[handler(queue = THREAD)]
    pub(crate) fn alert(_event: &Alert) -> Result<(), &'static str> {
        Err("no")
    }
}

mod task {
    use super::*;

    #[handler(queue = TASK)]
    pub(crate) async fn begun(_event: &Begun) {
        event_tests::quiet_panic();
    }

    #[handler(queue = TASK)]
    pub(crate) async fn alert(_event: &Alert) {
        event_tests::quiet_panic();
    }
}

mod detached {
    use super::*;

    #[handler]
    pub(crate) async fn begun(_event: &Begun) -> Result<(), &'static str> {
        tokio::task::yield_now().await;
        Err("no")
    }

    #[handler]
    pub(crate) async fn alert(_event: &Alert) -> Result<(), &'static str> {
        tokio::task::yield_now().await;
        Err("no")
    }
}

mod local {
    use super::*;

    #[handler(queue = LOCAL)]
    pub(crate) fn begun(_event: &Begun) -> Result<(), &'static str> {
        Err("no")
    }

    #[handler(queue = LOCAL)]
    pub(crate) fn alert(_event: &Alert) -> Result<(), &'static str> {
        Err("no")
    }
}

/// What handlers a dispatcher has, and how to call that.
type Case = (&'static str, fn(DispatcherBuilder) -> DispatcherBuilder);

/// Where the handlers of both events run.
const PLACES: [Case; 4] = [
    ("thread", |it| {
        it.handler(thread::begun).handler(thread::alert)
    }),
    ("task", |it| it.handler(task::begun).handler(task::alert)),
    ("detached", |it| {
        it.handler(detached::begun).handler(detached::alert)
    }),
    ("local", |it| it.handler(local::begun).handler(local::alert)),
];

/// Lets everything end that is under way, and all that it causes.
async fn quiet(dispatcher: &Dispatcher) {
    if let Ok(local) = dispatcher.queue(&LOCAL) {
        while local.pump(&mut ()) > 0 {}
    }
    let shutdown = dispatcher.shutdown(std::time::Duration::from_mins(1)).await;
    assert_eq!(shutdown.abandoned_count(), 0, "{shutdown:?}");
}

/// What is known of a failure.
#[derive(Debug)]
struct Told {
    text: String,
    depth: u32,
    id: Option<String>,
    causation: Option<String>,
    correlation: Option<String>,
}

impl Told {
    fn of(failure: &Failure) -> Self {
        let meta = failure.meta();
        Self {
            text: failure.to_string(),
            depth: meta.map_or(u32::MAX, Meta::depth),
            id: meta.map(|meta| meta.id().to_string()),
            causation: meta.and_then(Meta::causation).map(|id| id.to_string()),
            correlation: meta.map(|meta| meta.correlation().to_string()),
        }
    }
}

/// What a hook was told whose every call emits an alert.
fn told_to_a_hook(
    choose: fn(DispatcherBuilder) -> DispatcherBuilder,
    emit: fn(&Dispatcher),
) -> Vec<Told> {
    let runtime = runtime();
    let told = Arc::new(Mutex::new(Vec::new()));
    let builder = choose(Dispatcher::empty())
        .depth_limit(LIMIT)
        .runtime(runtime.handle().clone());
    let (handle, heard) = (builder.handle(), Arc::clone(&told));
    let dispatcher = builder
        .on_failure(move |failure| {
            heard.lock().expect("told").push(Told::of(failure));
            emit(&handle.get().expect("a dispatcher"));
        })
        .build()
        .expect("a dispatcher");
    dispatcher.emit(Begun);
    runtime.block_on(quiet(&dispatcher));
    std::mem::take(&mut *told.lock().expect("told"))
}

/// Each descends from the one before it, and all from the first.
fn assert_descend(told: &[Told], place: &str) {
    let depths: Vec<_> = told.iter().map(|it| it.depth).collect();
    assert_eq!(depths, (0..=LIMIT).collect::<Vec<_>>(), "{place}");
    for pair in told.windows(2) {
        assert_eq!(pair[1].causation, pair[0].id, "{place}");
        assert_eq!(pair[1].correlation, told[0].id, "{place}");
    }
}

#[test]
fn what_a_failure_hook_emits_descends_from_the_failed_event_and_ends_at_the_limit() {
    for (place, choose) in PLACES {
        let told = told_to_a_hook(choose, |dispatcher| drop(dispatcher.emit(Alert)));
        let (last, failed) = told.split_last().expect("failures");
        assert_descend(failed, place);
        let limit =
            "Alert` was not emitted: 13 causes lie before it, more than the `depth_limit` of 12";
        assert!(last.text.contains(limit), "{place}: {}", last.text);
    }
}

#[test]
fn what_a_failure_hook_lets_a_task_emit_descends_from_the_failed_event_too() {
    for (place, choose) in PLACES {
        // Such an emission runs detached handlers itself, so that its report has what failed; and nobody
        // pumps what it hands over after the last pump.
        if place == "detached" || place == "local" {
            continue;
        }
        let told = told_to_a_hook(choose, |dispatcher| {
            drop(dispatcher.emit_async(Alert).spawned());
        });
        assert_descend(&told, place);
    }
}

#[test]
fn two_dispatchers_whose_hooks_emit_to_each_other_end() {
    let runtime = runtime();
    let count = Arc::new(AtomicUsize::new(0));
    let build = |other: Arc<OnceLock<DispatcherHandle>>| {
        let counts = Arc::clone(&count);
        Dispatcher::empty()
            .handler(thread::begun)
            .handler(thread::alert)
            .depth_limit(LIMIT)
            .runtime(runtime.handle().clone())
            .on_failure(move |_| {
                counts.fetch_add(1, Ordering::Relaxed);
                if let Some(other) = other.get() {
                    let _ = other.emit(Alert);
                }
            })
            .build()
            .expect("a dispatcher")
    };
    let (to_first, to_second) = (Arc::default(), Arc::default());
    let (first, second) = (build(Arc::clone(&to_second)), build(Arc::clone(&to_first)));
    let _ = (to_first.set(first.handle()), to_second.set(second.handle()));
    first.emit(Begun);
    runtime.block_on(async {
        for _ in 0..=LIMIT {
            first
                .queue(&THREAD)
                .expect("a handler names it")
                .join()
                .await;
            second
                .queue(&THREAD)
                .expect("a handler names it")
                .join()
                .await;
        }
        quiet(&first).await;
        quiet(&second).await;
    });
    // One for each depth, and the one that says that the next was not emitted.
    assert_eq!(count.load(Ordering::Relaxed), LIMIT as usize + 2);
}

/// Emits whenever it is told something.
struct Emits {
    house: DispatcherHandle,
    count: Arc<AtomicUsize>,
    /// Of deliveries that ended like this; of all else, if `None`.
    of: Option<DeliveryStatus>,
}

impl Emits {
    fn emit(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let _ = self.house.emit(Alert);
    }
}

impl Observer for Emits {
    fn emission_started(&self, _: &EmissionView<'_>) {
        if self.of.is_none() {
            self.emit();
        }
    }

    fn delivery_ended(&self, _: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        if self.of == Some(end.ended()) {
            self.emit();
        }
    }
}

/// A dispatcher with an observer that emits.
fn observed(
    of: Option<DeliveryStatus>,
    choose: impl FnOnce(DispatcherBuilder) -> DispatcherBuilder,
) -> (Dispatcher, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let builder = choose(Dispatcher::empty()).depth_limit(LIMIT);
    let observer = Emits {
        house: builder.handle(),
        count: Arc::clone(&count),
        of,
    };
    let dispatcher = builder.observe(observer).build().expect("a dispatcher");
    (dispatcher, count)
}

#[test]
fn what_an_observer_emits_descends_from_what_it_is_told_of_and_ends_at_the_limit() {
    for (place, choose) in PLACES {
        for of in [
            None,
            Some(DeliveryStatus::Failed),
            Some(DeliveryStatus::Panicked),
        ] {
            let runtime = runtime();
            let runs = runtime.handle().clone();
            let (dispatcher, count) = observed(of, |it| choose(it).runtime(runs));
            dispatcher.emit(Begun);
            runtime.block_on(quiet(&dispatcher));
            let told = count.load(Ordering::Relaxed);
            let never = (place == "task") != (of == Some(DeliveryStatus::Panicked)) && of.is_some();
            let expected = if never { 0 } else { LIMIT as usize + 1 };
            assert_eq!(told, expected, "{place} {of:?}");
        }
    }
}

static SMALL: LocalQueue<()> = LocalQueue::new("small")
    .capacity(1)
    .overflow(Overflow::DropOldest);

#[handler(queue = SMALL)]
fn never_runs(_event: &Alert) {}

#[test]
fn an_observer_that_emits_into_the_full_queue_that_it_is_told_of_ends() {
    let (dispatcher, count) = observed(Some(DeliveryStatus::Dropped), |it| it.handler(never_runs));
    dispatcher.emit(Alert);
    assert_eq!(count.load(Ordering::Relaxed), 0);
    let report = dispatcher.emit(Alert);
    let dropped = count.load(Ordering::Relaxed);
    assert!(dropped <= 2 * LIMIT as usize, "{dropped}");
    // Whoever emitted hears that something inside of it was refused.
    assert_eq!(report.failures().len(), 1, "{report}");
}

/// Emits one more of itself when it is dropped.
#[derive(Event)]
struct Phoenix {
    house: DispatcherHandle,
    count: Arc<AtomicUsize>,
}

impl Drop for Phoenix {
    fn drop(&mut self) {
        if self.count.fetch_add(1, Ordering::Relaxed) < 10_000 {
            let (house, count) = (self.house.clone(), Arc::clone(&self.count));
            let _ = self.house.emit(Phoenix { house, count });
        }
    }
}

mod phoenix {
    use super::*;

    #[handler(queue = THREAD)]
    pub(crate) fn thread(_event: &Phoenix) {}

    #[handler(queue = TASK)]
    pub(crate) async fn task(_event: &Phoenix) {}

    #[handler]
    pub(crate) async fn detached(_event: &Phoenix) {
        tokio::task::yield_now().await;
    }

    #[handler(queue = LOCAL)]
    pub(crate) fn local(_event: &Phoenix) {}
}

#[test]
fn an_event_whose_drop_emits_it_ends_wherever_its_handlers_run() {
    let places: [Case; 4] = [
        ("thread", |it| it.handler(phoenix::thread)),
        ("task", |it| it.handler(phoenix::task)),
        ("detached", |it| it.handler(phoenix::detached)),
        ("local", |it| it.handler(phoenix::local)),
    ];
    for (place, choose) in places {
        let runtime = runtime();
        let dispatcher = choose(Dispatcher::empty())
            .depth_limit(LIMIT)
            .runtime(runtime.handle().clone())
            .build()
            .expect("a dispatcher");
        let (house, count) = (dispatcher.handle(), Arc::new(AtomicUsize::new(0)));
        let counts = Arc::clone(&count);
        dispatcher.emit(Phoenix { house, count });
        runtime.block_on(quiet(&dispatcher));
        let dropped = counts.load(Ordering::Relaxed);
        assert!(
            (LIMIT as usize..=LIMIT as usize + 3).contains(&dropped),
            "{place}: {dropped}"
        );
    }
}

/// Begins again when it is dropped.
#[derive(Event)]
struct Burnt {
    house: DispatcherHandle,
    count: Arc<Count>,
}

#[derive(Debug, Default)]
struct Count(AtomicUsize);

impl Drop for Burnt {
    fn drop(&mut self) {
        if self.count.0.fetch_add(1, Ordering::Relaxed) < 10_000 {
            let _ = self.house.emit(Begun);
        }
    }
}

#[handler(queue = LOCAL)]
fn burn(_event: &Begun, house: &DispatcherHandle, counts: &Counts) -> Burnt {
    Burnt {
        house: house.clone(),
        count: Arc::clone(&counts.0),
    }
}

struct Counts(Arc<Count>);

#[test]
fn a_returned_event_whose_drop_emits_its_cause_ends() {
    let count = Arc::new(Count::default());
    let builder = Dispatcher::empty().handler(burn).depth_limit(LIMIT);
    let house = builder.handle();
    let dispatcher = builder
        .provide(house)
        .provide(Counts(Arc::clone(&count)))
        .build()
        .expect("a dispatcher");
    dispatcher.emit(Begun);
    if let Ok(local) = dispatcher.queue(&LOCAL) {
        while local.pump(&mut ()) > 0 {}
    }
    let dropped = count.0.load(Ordering::Relaxed);
    assert!(dropped <= LIMIT as usize + 3, "{dropped}");
}

#[test]
fn a_hook_that_leads_to_another_failure_before_it_returns_ends() {
    let ended = runtime();
    let count = Arc::new(AtomicUsize::new(0));
    let builder = Dispatcher::empty()
        .depth_limit(LIMIT)
        .runtime(ended.handle().clone());
    let (handle, counts) = (builder.handle(), Arc::clone(&count));
    let dispatcher = builder
        .on_failure(move |_| {
            counts.fetch_add(1, Ordering::Relaxed);
            if let Ok(dispatcher) = handle.get() {
                // The runtime drops the task at once, which is a failure.
                drop(dispatcher.emit_async(Alert).spawned());
            }
        })
        .build()
        .expect("a dispatcher");
    drop(ended);
    drop(dispatcher.emit_async(Begun).spawned());
    let told = count.load(Ordering::Relaxed);
    assert!(told <= LIMIT as usize + 3, "{told}");
}
