//! Emissions that are dropped midway, and those that are shielded from it.

#![allow(
    clippy::unnecessary_wraps,
    reason = "handlers return what the test is about"
)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::observer::{DeliveryEnd, DeliverySeen, Observer};
use event_core::queue::{Overflow, Queue};
use event_core::report::Ended;
use event_core::{Dispatcher, DispatcherBuilder, Emitter, Event, Report, Subscription, handler};
use event_tests::{Gate, Heard, Journal, Watch, idle, poll, until_async};
use proptest::prelude::*;

async fn yields(times: usize) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

static FULL: Queue = Queue::new("full").capacity(1);

#[derive(Event)]
struct Started;

#[derive(Event)]
struct Followed;

#[handler]
fn inline(_event: &Started) -> Followed {
    Followed
}

#[handler]
async fn ready_at_once(_event: &Started) -> Followed {
    Followed
}

#[handler(priority = 1)]
async fn takes_three(_event: &Started) -> Result<Followed, &'static str> {
    yields(3).await;
    Ok(Followed)
}

#[handler(priority = 2)]
async fn fails_behind_two(_event: &Started) -> Result<(), &'static str> {
    yields(2).await;
    Err("on purpose")
}

#[handler(after = takes_three)]
async fn waits_for_another(_event: &Started, emitter: Emitter<Followed>) {
    emitter.emit(Followed);
    yields(2).await;
    emitter.emit(Followed);
}

#[handler]
async fn follows(_event: &Followed) {
    yields(2).await;
}

fn sweep(watch: &Arc<Watch>, heard: &Heard) -> Dispatcher {
    Dispatcher::empty()
        .only(inline)
        .only(ready_at_once)
        .only(takes_three)
        .only(fails_behind_two)
        .only(waits_for_another)
        .only(follows)
        .observe(watch.clone())
        .on_failure(heard.hook())
        .build()
        .expect("wired")
}

/// The numbers in the text of a dropped emission.
fn counts(text: &str) -> (usize, usize) {
    let text = text
        .strip_prefix("the `emit_async` of `it::cancellation::Started` was dropped: ")
        .unwrap_or_else(|| panic!("{text}"));
    let numbers: Vec<usize> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    (numbers[0], numbers[1])
}

#[tokio::test]
async fn an_emission_dropped_at_any_await_accounts_for_every_delivery() {
    for has_subscription in [false, true] {
        let mut polls = 0;
        loop {
            let (watch, heard) = (Arc::new(Watch::default()), Heard::default());
            let dispatcher = sweep(&watch, &heard);
            let guard = has_subscription.then(|| {
                dispatcher.subscribe_async(|_: Arc<Started>| async {
                    yields(1).await;
                    Followed
                })
            });
            let mut emission = Box::pin(dispatcher.emit_async(Started).into_future());
            let mut report = None;
            for _ in 0..polls {
                report = poll(&mut emission);
            }
            drop(emission);
            watch.assert_each_ended_once();
            let handlers = 5 + usize::from(has_subscription);
            let followers = 5 + usize::from(has_subscription);
            let (_, ended) = watch.totals();
            let heard = heard.take();
            if let Some(report) = report {
                assert_eq!(ended, handlers + followers);
                assert_eq!(report.deliveries(), ended);
                assert_eq!((report.failed(), report.events()), (1, 1 + followers));
                assert!(heard.is_empty(), "{heard:?}");
                break;
            }
            if polls == 0 {
                assert_eq!((ended, heard.len()), (0, 0));
            } else {
                assert_eq!(heard.len(), 1, "{heard:?}");
                let (cancelled, _) = counts(&heard[0]);
                assert_eq!(
                    cancelled,
                    watch.count(Ended::Cancelled),
                    "after {polls} polls"
                );
                let of_root = ended - watch.ended_of("follows").len();
                assert_eq!(of_root, handlers, "after {polls} polls");
            }
            drop(guard);
            polls += 1;
        }
        assert!(
            polls > 6,
            "the emission was ready too soon to prove anything"
        );
    }
}

#[derive(Event)]
struct Split;

#[handler(priority = 1)]
async fn returns_soon(_event: &Split) -> (Followed, Followed) {
    (Followed, Followed)
}

#[handler(priority = 2)]
async fn emits_and_hangs(_event: &Split, emitter: Emitter<Followed>) {
    emitter.emit(Followed);
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_dropped_emission_says_how_many_caused_events_were_not_emitted() {
    let heard = Heard::default();
    let dispatcher = Dispatcher::empty()
        .only(returns_soon)
        .only(emits_and_hangs)
        .only(follows)
        .on_failure(heard.hook())
        .build()
        .expect("wired");
    let mut emission = Box::pin(dispatcher.emit_async(Split).into_future());
    assert!(poll(&mut emission).is_none());
    drop(emission);
    let heard = heard.take();
    assert_eq!(heard.len(), 1, "{heard:?}");
    let expected = "1 deliveries cancelled, 3 caused events not emitted";
    assert!(heard[0].contains(expected), "{heard:?}");
}

#[derive(Event)]
struct Kept;

#[handler]
async fn keeps_its_emitter(
    _event: &Kept,
    emitter: Emitter<Followed>,
    kept: &Mutex<Option<Emitter<Followed>>>,
) {
    *kept.lock().expect("not poisoned") = Some(emitter);
    std::future::pending::<()>().await;
}

#[handler]
fn notes(_event: &Followed, journal: &Journal) {
    journal.write("followed");
}

#[test]
fn an_emitter_that_outlives_its_cancelled_or_abandoned_delivery_emits_at_once() {
    for is_detached in [false, true] {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let journal = Arc::new(Journal::default());
        let kept: Arc<Mutex<Option<Emitter<Followed>>>> = Arc::default();
        let dispatcher = Dispatcher::empty()
            .only(keeps_its_emitter)
            .only(notes)
            .provide_arc(journal.clone())
            .provide_arc(kept.clone())
            .runtime(runtime.handle().clone())
            .build()
            .expect("wired");
        if is_detached {
            dispatcher.emit(Kept);
            runtime.block_on(until_async("the handler has kept its emitter", || {
                kept.lock().expect("not poisoned").is_some()
            }));
            drop(runtime);
        } else {
            let mut emission = Box::pin(dispatcher.emit_async(Kept).into_future());
            assert!(poll(&mut emission).is_none());
            drop(emission);
        }
        let emitter = kept.lock().expect("not poisoned").take();
        emitter.expect("the handler ran").emit(Followed);
        assert_eq!(journal.take(), ["followed"], "detached: {is_detached}");
    }
}

#[derive(Event)]
struct Crowded;

#[handler(queue = FULL)]
async fn queued(_event: &Crowded, journal: &Journal) {
    journal.write("queued");
}

#[handler]
async fn beside_the_queue(_event: &Crowded) {
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_delivery_that_waits_for_room_is_cancelled_with_its_emission_and_counted() {
    let (watch, heard) = (Arc::new(Watch::default()), Heard::default());
    let journal = Arc::new(Journal::default());
    let dispatcher = Dispatcher::empty()
        .only(queued)
        .only(beside_the_queue)
        .provide_arc(journal.clone())
        .observe(watch.clone())
        .on_failure(heard.hook())
        .build()
        .expect("wired");
    dispatcher.queue(&FULL).pause();
    let mut first = Box::pin(dispatcher.emit_async(Crowded).into_future());
    assert!(poll(&mut first).is_none());
    let mut second = Box::pin(dispatcher.emit_async(Crowded).into_future());
    assert!(poll(&mut second).is_none());
    drop(second);
    assert_eq!(watch.ended_of("queued"), [Ended::Cancelled]);
    assert_eq!(watch.ended_of("beside_the_queue"), [Ended::Cancelled]);
    let told = heard.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("2 deliveries cancelled"), "{told:?}");
    drop(first);
    assert!(heard.take()[0].contains("1 deliveries cancelled"));
    dispatcher.queue(&FULL).resume();
    dispatcher.queue(&FULL).join().await;
    assert_eq!(journal.take(), ["queued"], "what was handed over goes on");
    assert_eq!(watch.ended_of("queued"), [Ended::Cancelled, Ended::Done]);
}

/// Panics in its `Drop`.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "in a drop");
    }
}

#[derive(Event)]
struct Fragile {
    #[event(redact)]
    _grenade: Grenade,
}

#[handler]
async fn hangs(_event: &Fragile) {
    let _grenade = Grenade;
    std::future::pending::<()>().await;
}

#[derive(Event)]
struct Causes;

#[handler]
fn causes_two(_event: &Causes) -> (Fragile, Fragile) {
    let fragile = || Fragile { _grenade: Grenade };
    (fragile(), fragile())
}

#[tokio::test]
async fn a_panic_in_a_drop_does_not_reach_whoever_drops_the_emission() {
    let dispatcher = || {
        let builder = Dispatcher::empty().only(hangs).only(causes_two);
        builder.build().expect("wired")
    };
    let (root, caused, held) = (dispatcher(), dispatcher(), dispatcher());
    let guard = held.subscribe_async(|_: Arc<Fragile>| std::future::pending::<()>());
    let fragile = || Fragile { _grenade: Grenade };
    let mut emission = Box::pin(root.emit_async(fragile()).into_future());
    assert!(poll(&mut emission).is_none());
    drop(emission);
    let mut emission = Box::pin(held.emit_async(fragile()).into_future());
    assert!(poll(&mut emission).is_none());
    drop(emission);
    let mut emission = Box::pin(caused.emit_async(Causes).into_future());
    assert!(poll(&mut emission).is_none());
    drop(emission);
    drop(guard);
}

// --- Shielded --------------------------------------------------------------------------------

#[derive(Event)]
struct Long;

#[handler]
async fn takes_long(_event: &Long, gate: &Gate, journal: &Journal) -> Followed {
    gate.pass().await;
    journal.write("long");
    Followed
}

fn shielding(heard: &Heard) -> (DispatcherBuilder, Arc<Gate>, Arc<Journal>, Arc<Watch>) {
    let (gate, journal) = (Arc::new(Gate::default()), Arc::new(Journal::default()));
    let watch = Arc::new(Watch::default());
    let builder = Dispatcher::empty()
        .only(takes_long)
        .only(notes)
        .provide_arc(gate.clone())
        .provide_arc(journal.clone())
        .observe(watch.clone())
        .on_failure(heard.hook());
    (builder, gate, journal, watch)
}

#[tokio::test(start_paused = true)]
async fn a_shielded_emission_survives_its_drop() {
    let heard = Heard::default();
    let (builder, gate, journal, watch) = shielding(&heard);
    let dispatcher = builder.build().expect("wired");
    let mut shielded = Box::pin(dispatcher.emit_async(Long).shielded());
    assert!(poll(&mut shielded).is_none());
    drop(shielded);
    gate.arrived(1).await;
    gate.open_for_all();
    idle().await;
    assert_eq!(journal.take(), ["long", "followed"]);
    assert_eq!(watch.ended_of("takes_long"), [Ended::Done]);
    assert!(heard.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_shielded_emission_begins_without_being_awaited_and_reports() {
    let heard = Heard::default();
    let (builder, gate, journal, _) = shielding(&heard);
    let dispatcher = builder.build().expect("wired");
    gate.open_for_all();
    let shielded = dispatcher.emit_async(Long).shielded();
    idle().await;
    assert_eq!(journal.take(), ["long", "followed"]);
    let report = shielded.await;
    assert_eq!((report.done(), report.events()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_a_shielded_emission_and_all_it_causes() {
    let heard = Heard::default();
    let (builder, gate, journal, watch) = shielding(&heard);
    let dispatcher = builder.build().expect("wired");
    drop(dispatcher.emit_async(Long).shielded());
    gate.arrived(1).await;
    let shutdown = dispatcher.shutdown(Duration::from_mins(1));
    let mut shutdown = Box::pin(shutdown);
    let first_look = tokio::select! {
        biased;
        ended = &mut shutdown => Some(ended),
        () = idle() => None,
    };
    assert!(first_look.is_none(), "it did not wait");
    gate.open_for_all();
    let shutdown = shutdown.await;
    assert!(shutdown.is_complete());
    assert_eq!(journal.take(), ["long", "followed"]);
    assert_eq!(watch.ended_of("takes_long"), [Ended::Done]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_runs_out_of_time_ends_shielded_emissions_and_says_so() {
    let heard = Heard::default();
    let (builder, gate, _, watch) = shielding(&heard);
    let dispatcher = builder.build().expect("wired");
    let shielded = dispatcher.emit_async(Long).shielded();
    gate.arrived(1).await;
    let shutdown = dispatcher.shutdown(Duration::from_secs(1)).await;
    assert!(!shutdown.is_complete(), "{shutdown}");
    idle().await;
    assert_eq!(watch.ended_of("takes_long"), [Ended::Cancelled]);
    assert_eq!(heard.take().len(), 1);
    assert!(!shielded.await.is_ok());
}

#[test]
fn a_shielded_emission_that_its_runtime_never_begins_is_heard_of() {
    let heard = Heard::default();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (builder, _gate, _, watch) = shielding(&heard);
    let builder = builder.runtime(runtime.handle().clone());
    let dispatcher = builder.build().expect("wired");
    drop(runtime);
    let shielded = dispatcher.emit_async(Long).shielded();
    let told = heard.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(!pollster::block_on(shielded).is_ok());
    assert_eq!(watch.totals(), (0, 0));
}

// --- A random mix ----------------------------------------------------------------------------

/// Counts the ends of each delivery, by the event's id and the handler.
#[derive(Default)]
struct Ledger(Mutex<BTreeMap<String, (usize, usize)>>);

impl Ledger {
    fn note(&self, delivery: &DeliverySeen<'_>, note: impl FnOnce(&mut (usize, usize))) {
        let id = delivery.emission().meta().id();
        let key = format!("{id} {}", delivery.handler());
        let mut all = self.0.lock().expect("not poisoned");
        note(all.entry(key).or_default());
    }

    fn deliveries(&self) -> usize {
        self.0.lock().expect("not poisoned").len()
    }
}

impl Observer for Ledger {
    fn delivery_started(&self, delivery: &DeliverySeen<'_>) {
        self.note(delivery, |(started, _)| *started += 1);
    }

    fn delivery_ended(&self, delivery: &DeliverySeen<'_>, _: &DeliveryEnd<'_>) {
        self.note(delivery, |(_, ended)| *ended += 1);
    }
}

/// Says which of its handlers do what.
#[derive(Clone, Debug, Event)]
struct Mixed {
    seed: u32,
    level: u8,
}

impl Mixed {
    /// What the handler with this number does, of so many ways.
    fn way(&self, handler: u32, ways: u32) -> u32 {
        let mixed = (self.seed ^ handler.wrapping_mul(0x9E37_79B9)).wrapping_mul(0x85EB_CA6B);
        (mixed >> 7) % ways
    }

    fn next(&self, handler: u32) -> Option<Self> {
        let goes_on = self.level < 2 && self.way(handler + 100, 3) == 0;
        goes_on.then(|| Self {
            seed: self.seed.wrapping_mul(31).wrapping_add(handler),
            level: self.level + 1,
        })
    }

    fn outcome(&self, handler: u32) -> Result<Option<Self>, &'static str> {
        match self.way(handler, 5) {
            0 => Err("on purpose"),
            // `resume_unwind` does not run the panic hook: the log stays short.
            1 => std::panic::resume_unwind(Box::new("on purpose")),
            _ => Ok(self.next(handler)),
        }
    }

    async fn outcome_later(&self, handler: u32) -> Result<Option<Self>, &'static str> {
        yields(self.way(handler + 50, 4) as usize).await;
        self.outcome(handler)
    }
}

static MIXED_BY_TASKS: Queue = Queue::new("mixed-by-tasks").capacity(2);
static MIXED_BY_THREADS: Queue = Queue::new("mixed-by-threads")
    .capacity(2)
    .overflow(Overflow::Reject);

type Mix = Result<Option<Mixed>, &'static str>;

fn sometimes(event: &Mixed) -> bool {
    match event.way(77, 4) {
        0 => false,
        1 => std::panic::resume_unwind(Box::new("on purpose")),
        _ => true,
    }
}

#[handler]
fn mixed_inline(event: &Mixed) -> Mix {
    event.outcome(1)
}

#[handler(filter = sometimes)]
async fn mixed_filtered(event: &Mixed) -> Mix {
    event.outcome_later(2).await
}

#[handler]
async fn mixed_async(event: &Mixed) -> Mix {
    event.outcome_later(3).await
}

#[handler(after = mixed_async)]
async fn mixed_ordered(event: &Mixed) -> Mix {
    event.outcome_later(4).await
}

#[handler(concurrency = 1)]
async fn mixed_narrow(event: &Mixed) -> Mix {
    event.outcome_later(5).await
}

#[handler(queue = MIXED_BY_TASKS)]
async fn mixed_by_tasks(event: &Mixed) -> Result<(), &'static str> {
    event.outcome_later(6).await.map(drop)
}

#[handler(queue = MIXED_BY_THREADS)]
fn mixed_by_threads(event: &Mixed) -> Mix {
    event.outcome(7)
}

#[derive(Clone, Debug)]
enum Form {
    Emit,
    TryEmit,
    EmitAll,
    EmitAsync { polls: Option<u8> },
    EmitAllAsync { polls: Option<u8> },
    Shielded,
}

/// Polls an emission so often at most, then drops it.
async fn poll_some<F: Future<Output = Report>>(emission: F, polls: Option<u8>) -> Option<Report> {
    let Some(polls) = polls else {
        return Some(emission.await);
    };
    let mut emission = Box::pin(emission);
    (0..polls).find_map(|_| poll(&mut emission))
}

fn form() -> impl Strategy<Value = Form> {
    prop_oneof![
        1 => Just(Form::Emit),
        1 => Just(Form::TryEmit),
        1 => Just(Form::EmitAll),
        3 => prop::option::of(0..12_u8).prop_map(|polls| Form::EmitAsync { polls }),
        2 => prop::option::of(0..20_u8).prop_map(|polls| Form::EmitAllAsync { polls }),
        1 => Just(Form::Shielded),
    ]
}

#[derive(Clone, Debug)]
struct Plan {
    handlers: [bool; 7],
    subscriptions: Vec<(bool, bool)>,
    forms: Vec<(u32, Form)>,
    runtime_dies: bool,
}

fn plan() -> impl Strategy<Value = Plan> {
    let subscription = (any::<bool>(), any::<bool>());
    (
        any::<[bool; 7]>(),
        prop::collection::vec(subscription, 0..3),
        prop::collection::vec((any::<u32>(), form()), 1..6),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(handlers, subscriptions, forms, runtime_dies)| Plan {
            handlers,
            subscriptions,
            forms,
            runtime_dies,
        })
}

fn mixing(plan: &Plan, ledger: &Arc<Ledger>, runtime: &tokio::runtime::Runtime) -> Dispatcher {
    let mut builder = Dispatcher::empty()
        .runtime(runtime.handle().clone())
        .observe(ledger.clone());
    macro_rules! choose {
        ($($at:literal: $handler:ident)+) => {$(
            if plan.handlers[$at] {
                builder = builder.only($handler);
            }
        )+};
    }
    choose!(
        0: mixed_inline 1: mixed_filtered 2: mixed_async 3: mixed_ordered 4: mixed_narrow
        5: mixed_by_tasks 6: mixed_by_threads
    );
    builder.build().expect("wired")
}

/// Subscriptions of different lines, so that the ledger tells them apart.
fn subscribe(dispatcher: &Dispatcher, at: usize, is_async: bool, once: bool) -> Subscription {
    let options = || {
        let options = dispatcher.subscription();
        if once { options.once() } else { options }
    };
    match (at, is_async) {
        (0, false) => options().subscribe(|event: &Mixed| event.outcome(10)),
        (_, false) => options().subscribe(|event: &Mixed| event.outcome(11)),
        (0, true) => options()
            .subscribe_async(|event: Arc<Mixed>| async move { event.outcome_later(12).await }),
        (_, true) => options()
            .subscribe_async(|event: Arc<Mixed>| async move { event.outcome_later(13).await }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]
    #[test]
    fn every_delivery_ends_exactly_once_whatever_is_emitted_and_dropped(plan in plan()) {
        let ledger = Arc::new(Ledger::default());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        let dispatcher = mixing(&plan, &ledger, &runtime);
        let guards: Vec<_> = plan
            .subscriptions
            .iter()
            .enumerate()
            .map(|(at, (is_async, once))| subscribe(&dispatcher, at, *is_async, *once))
            .collect();
        let reported = AtomicUsize::new(0);
        let all_reported = AtomicUsize::new(1);
        runtime.block_on(async {
            for (seed, form) in &plan.forms {
                let event = Mixed { seed: *seed, level: 0 };
                let report = match form {
                    Form::Emit => Some(dispatcher.emit(event)),
                    Form::TryEmit => Some(match dispatcher.try_emit(event) {
                        Ok(report) => report,
                        Err(error) => error.into_report(),
                    }),
                    Form::EmitAll => Some(dispatcher.emit_all([event.clone(), event].into_iter().collect())),
                    Form::EmitAsync { polls } => {
                        poll_some(dispatcher.emit_async(event), *polls).await
                    }
                    Form::EmitAllAsync { polls } => {
                        let pending = [event.clone(), event].into_iter().collect();
                        poll_some(dispatcher.emit_all_async(pending), *polls).await
                    }
                    Form::Shielded => {
                        drop(dispatcher.emit_async(event).shielded());
                        None
                    }
                };
                match report {
                    Some(report) => {
                        reported.fetch_add(report.deliveries(), Ordering::Relaxed);
                    }
                    None => all_reported.store(0, Ordering::Relaxed),
                }
            }
            if !plan.runtime_dies {
                let shutdown = dispatcher.shutdown(Duration::from_secs(30)).await;
                assert!(shutdown.is_complete(), "{shutdown}");
            }
        });
        drop(runtime);
        let shutdown = dispatcher.shutdown_blocking(Duration::from_secs(30));
        // What threads cause goes to a runtime that may be dead.
        prop_assert!(plan.runtime_dies || shutdown.is_complete(), "{}", shutdown);
        let deliveries = ledger.0.lock().expect("not poisoned").clone();
        for (delivery, (started, ended)) in &deliveries {
            prop_assert_eq!(*ended, 1, "{} started {}", delivery, started);
            prop_assert!(*started <= 1, "{} started {}", delivery, started);
        }
        let reported = reported.into_inner();
        // What detached and queued handlers cause is in no report.
        prop_assert!(ledger.deliveries() >= reported);
        let is_inline = plan.handlers[1..].iter().all(|has| !has)
            && plan.subscriptions.iter().all(|(is_async, _)| !is_async);
        if is_inline && all_reported.into_inner() == 1 {
            prop_assert_eq!(ledger.deliveries(), reported);
        }
        drop(guards);
    }
}
