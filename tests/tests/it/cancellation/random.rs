//! A random mix of handlers, subscriptions, forms of emit and drops.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::observer::{DeliveryResult, DeliveryView, Observer};
use event_core::queue::{Overflow, Queue};
use event_core::{Dispatcher, Event, PendingEvents, Report, dispatcher::Subscription, handler};
use event_tests::poll;
use proptest::prelude::*;

use super::yields;

/// Counts the ends of each delivery, by the event's id and the handler.
#[derive(Default)]
struct Ledger(Mutex<BTreeMap<String, (usize, usize)>>);

impl Ledger {
    fn note(&self, delivery: &DeliveryView<'_>, note: impl FnOnce(&mut (usize, usize))) {
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
    fn delivery_started(&self, delivery: &DeliveryView<'_>) {
        self.note(delivery, |(started, _)| *started += 1);
    }

    fn delivery_ended(&self, delivery: &DeliveryView<'_>, _: &DeliveryResult<'_>) {
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
    EmitTask,
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
        1 => Just(Form::EmitTask),
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
                builder = builder.handler($handler);
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
        let options = dispatcher.subscription_builder();
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
                    Form::TryEmit => Some(match dispatcher.fail_fast().emit(event).into_result() {
                        Ok(report) => report,
                        Err(error) => error.into_report(),
                    }),
                    Form::EmitAll => Some(dispatcher.emit([event.clone(), event].into_iter().collect::<PendingEvents>())),
                    Form::EmitAsync { polls } => {
                        poll_some(dispatcher.emit_async(event), *polls).await
                    }
                    Form::EmitAllAsync { polls } => {
                        let pending: PendingEvents = [event.clone(), event].into_iter().collect();
                        poll_some(dispatcher.emit_async(pending), *polls).await
                    }
                    Form::EmitTask => {
                        drop(dispatcher.emit_async(event).spawned());
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
        let shutdown = dispatcher.shutdown(Duration::from_secs(30)).blocking();
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
