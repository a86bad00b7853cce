//! A cancelled subscription is not called any more, wherever its deliveries wait to start; one that is called
//! once is used up by a call alone.

use std::future::ready;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use event_core::observer::{DeliveryView, Observer};
use event_core::queue::Overflow;
use event_core::report::{DeliveryStatus, SkipReason};
use event_core::{Dispatcher, Event, dispatcher::Subscription};
use event_tests::{Gate, Watch, idle};
use proptest::prelude::*;

#[derive(Event)]
struct Tick;

const CANCELLED: DeliveryStatus = DeliveryStatus::Skipped(SkipReason::Cancelled);

fn watched() -> (Dispatcher, Arc<Watch>) {
    let watch = Arc::new(Watch::default());
    let builder = Dispatcher::empty().observe(watch.clone());
    (builder.build().expect("wired"), watch)
}

/// Counts its calls.
fn counting(calls: &Arc<AtomicUsize>) -> impl Fn(Arc<Tick>) -> std::future::Ready<()> + use<> {
    let calls = calls.clone();
    move |_| {
        calls.fetch_add(1, Ordering::Relaxed);
        ready(())
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_cancelled_before_its_task_starts_is_not_called_and_frees_what_it_captured() {
    for once in [false, true] {
        let (dispatcher, watch) = watched();
        let calls = Arc::new(AtomicUsize::new(0));
        let options = dispatcher.subscription_builder();
        let options = if once { options.once() } else { options };
        let guard = options.subscribe_async(counting(&calls));
        assert_eq!(dispatcher.emit(Tick).handed_over(), 1);
        guard.cancel();
        idle().await;
        assert_eq!(calls.load(Ordering::Relaxed), 0, "once: {once}");
        assert_eq!(watch.ended_of("subscription"), [CANCELLED]);
        assert_eq!(watch.totals(), (0, 1), "it ended, and never started");
        assert_eq!(Arc::strong_count(&calls), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_a_sibling_cancels_is_not_called_in_any_form() {
    for form in 0..4 {
        let (dispatcher, watch) = watched();
        let calls = Arc::new(AtomicUsize::new(0));
        let later: Arc<Mutex<Option<Subscription>>> = Arc::default();
        let _first = dispatcher.subscribe_async({
            let later = later.clone();
            move |_: Arc<Tick>| {
                drop(later.lock().expect("not poisoned").take());
                ready(())
            }
        });
        let second = dispatcher.subscribe_async(counting(&calls));
        *later.lock().expect("not poisoned") = Some(second);
        // What has no delivery yet when it is cancelled is in no report.
        let (report, in_report) = match form {
            0 => (dispatcher.emit(Tick), 2),
            1 => (
                dispatcher
                    .fail_fast()
                    .emit(Tick)
                    .into_result()
                    .expect("no failure"),
                2,
            ),
            2 => (dispatcher.emit_async(Tick).await, 1),
            _ => (dispatcher.emit_async(Tick).spawned().await, 1),
        };
        idle().await;
        assert_eq!(calls.load(Ordering::Relaxed), 0, "form {form}");
        assert_eq!(report.deliveries(), in_report, "form {form}");
        let (mut ended, handed_over) = (watch.ended_of("subscription"), report.handed_over());
        assert_eq!(ended.remove(0), DeliveryStatus::Done);
        assert_eq!(ended, vec![CANCELLED; handed_over.saturating_sub(1)]);
        assert_eq!(Arc::strong_count(&calls), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_cancelled_is_not_called_when_its_delivery_is_redelivered() {
    /// How many calls of a subscription may be under way.
    const LIMIT: u32 = 1024;
    for is_cancelled in [false, true] {
        let (dispatcher, watch) = watched();
        let (gate, calls) = (Arc::new(Gate::default()), Arc::new(AtomicUsize::new(0)));
        let guard = dispatcher.subscribe_async({
            let (gate, calls) = (gate.clone(), calls.clone());
            move |_: Arc<Tick>| {
                calls.fetch_add(1, Ordering::Relaxed);
                let gate = gate.clone();
                async move { gate.pass().await }
            }
        });
        for _ in 0..LIMIT {
            assert_eq!(dispatcher.emit(Tick).handed_over(), 1);
        }
        gate.arrived(LIMIT).await;
        let report = dispatcher.emit(Tick);
        assert!(report.failures()[0].is_full());
        if is_cancelled {
            guard.cancel();
        } else {
            guard.detach();
        }
        gate.open(LIMIT as usize + 1);
        idle().await;
        report.failures()[0]
            .redeliver()
            .await
            .expect("there is room");
        idle().await;
        let expected = LIMIT as usize + usize::from(!is_cancelled);
        assert_eq!(calls.load(Ordering::Relaxed), expected);
        assert_eq!(watch.count(CANCELLED), usize::from(is_cancelled));
        assert_eq!(watch.count(DeliveryStatus::Done), expected);
    }
}

/// Cancels a subscription when it is told that its delivery starts.
#[derive(Default)]
struct Canceller(Mutex<Option<Subscription>>);

impl Observer for Canceller {
    fn delivery_started(&self, _: &DeliveryView<'_>) {
        drop(self.0.lock().expect("not poisoned").take());
    }
}

#[tokio::test]
async fn one_that_an_observer_cancels_when_it_starts_is_not_called_and_in_no_report() {
    for once in [false, true] {
        let (canceller, watch) = (Arc::new(Canceller::default()), Arc::new(Watch::default()));
        let builder = Dispatcher::empty()
            .observe(canceller.clone())
            .observe(watch.clone());
        let dispatcher = builder.build().expect("wired");
        let calls = Arc::new(AtomicUsize::new(0));
        let options = dispatcher.subscription_builder();
        let options = if once { options.once() } else { options };
        let guard = options.subscribe_async(counting(&calls));
        *canceller.0.lock().expect("not poisoned") = Some(guard);
        let report = dispatcher.emit_async(Tick).await;
        assert_eq!(calls.load(Ordering::Relaxed), 0);
        assert_eq!((report.deliveries(), report.skipped()), (0, 0));
        assert_eq!(watch.ended_of("subscription"), [CANCELLED]);
        watch.assert_each_ended_once();
    }
}

#[tokio::test]
async fn a_delivery_that_waits_for_room_in_a_stream_that_is_dropped_is_skipped() {
    let (dispatcher, watch) = watched();
    let stream = dispatcher.stream::<Tick>(1, Overflow::Wait);
    assert_eq!(dispatcher.emit(Tick).handed_over(), 1);
    let mut emission = Box::pin(dispatcher.emit_async(Tick).into_future());
    assert!(
        event_tests::poll(&mut emission).is_none(),
        "the stream is full"
    );
    drop(stream);
    let report = event_tests::poll(&mut emission).expect("nothing else to wait for");
    assert!(report.is_ok());
    assert_eq!(report.deliveries(), 0);
    assert_eq!(watch.ended_of("subscription"), [CANCELLED]);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_cancelled_frees_what_it_captured_while_other_deliveries_are_under_way() {
    let (dispatcher, _) = watched();
    let (gate, calls) = (Arc::new(Gate::default()), Arc::new(AtomicUsize::new(0)));
    let _unread = dispatcher.stream::<Tick>(8, Overflow::Reject);
    let _waiting = dispatcher.subscribe_async({
        let gate = gate.clone();
        move |_: Arc<Tick>| {
            let gate = gate.clone();
            async move { gate.pass().await }
        }
    });
    for is_structured in [false, true] {
        let guard = dispatcher.subscribe_async(counting(&calls));
        let mut emission =
            is_structured.then(|| Box::pin(dispatcher.emit_async(Tick).into_future()));
        match &mut emission {
            Some(emission) => assert!(event_tests::poll(emission).is_none(), "one waits"),
            None => assert_eq!(dispatcher.emit(Tick).handed_over(), 3),
        }
        idle().await;
        assert_eq!(Arc::strong_count(&calls), 2);
        drop(guard);
        assert_eq!(Arc::strong_count(&calls), 1, "structured: {is_structured}");
    }
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    gate.open(2);
}

#[test]
fn one_that_is_called_once_is_not_used_up_without_a_runtime() {
    let dispatcher = Dispatcher::empty()
        .build()
        .expect("no runtime is needed yet");
    let calls = Arc::new(AtomicUsize::new(0));
    let options = dispatcher.subscription_builder().once();
    let _guard = options.subscribe_async(counting(&calls));
    for _ in 0..2 {
        let report = dispatcher.emit(Tick);
        assert_eq!(
            report.failures()[0].ended(),
            Some(DeliveryStatus::Abandoned)
        );
    }
    assert_eq!(pollster::block_on(dispatcher.emit_async(Tick)).done(), 1);
    assert_eq!(
        pollster::block_on(dispatcher.emit_async(Tick)).deliveries(),
        0
    );
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert_eq!(Arc::strong_count(&calls), 1, "it is freed with its call");
}

// --- A model ---------------------------------------------------------------------------------

#[derive(Clone, Debug)]
enum Action {
    Subscribe {
        once: bool,
        weak: bool,
    },
    Cancel(usize),
    EndTarget(usize),
    Emit,
    EmitAsync,
    /// Lets all tasks run to their end.
    RunTasks,
    /// Drops the runtime, and all tasks with it.
    EndRuntime,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        5 => any::<(bool, bool)>().prop_map(|(once, weak)| Action::Subscribe { once, weak }),
        2 => (0..6_usize).prop_map(Action::Cancel),
        1 => (0..6_usize).prop_map(Action::EndTarget),
        5 => Just(Action::Emit),
        2 => Just(Action::EmitAsync),
        3 => Just(Action::RunTasks),
        1 => Just(Action::EndRuntime),
    ]
}

/// A subscription, as it is and as it should be.
struct Modelled {
    guard: Option<Subscription>,
    target: Option<Arc<()>>,
    calls: Arc<AtomicUsize>,
    once: bool,
    is_over: bool,
    is_reserved: bool,
    called: usize,
}

impl Modelled {
    fn new(dispatcher: &Dispatcher, once: bool, weak: bool) -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let target = Arc::new(());
        let options = dispatcher.subscription_builder();
        let options = if once { options.once() } else { options };
        let guard = if weak {
            let call = counting(&calls);
            options
                .weak(&target)
                .subscribe_async(move |_, event| call(event))
        } else {
            options.subscribe_async(counting(&calls))
        };
        Self {
            guard: Some(guard),
            target: weak.then_some(target),
            calls,
            once,
            is_over: false,
            is_reserved: false,
            called: 0,
        }
    }

    /// Whether an emission makes a delivery to it.
    fn is_delivered(&self) -> bool {
        !self.is_over && !self.is_reserved
    }

    fn call(&mut self) {
        self.called += 1;
        self.is_over = self.once;
    }
}

fn run(actions: Vec<Action>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let watch = Arc::new(Watch::default());
    let dispatcher = Dispatcher::empty()
        .observe(watch.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    let mut runtime = Some(runtime);
    let mut all: Vec<Modelled> = Vec::new();
    // The deliveries whose tasks have not started, and how deliveries should have ended.
    let mut waiting: Vec<usize> = Vec::new();
    let (mut cancelled, mut abandoned) = (0, 0);
    for action in actions {
        match action {
            Action::Subscribe { once, weak } => all.push(Modelled::new(&dispatcher, once, weak)),
            Action::Cancel(at) | Action::EndTarget(at) if at < all.len() => {
                let one = &mut all[at];
                let is_weak = one.target.is_some();
                if matches!(action, Action::Cancel(_)) {
                    one.guard = None;
                    one.is_over = true;
                } else if is_weak {
                    one.target = None;
                    one.is_over = true;
                }
            }
            Action::Cancel(_) | Action::EndTarget(_) => {}
            Action::Emit => {
                let mut deliveries = 0;
                for (at, one) in all
                    .iter_mut()
                    .enumerate()
                    .filter(|(_, one)| one.is_delivered())
                {
                    deliveries += 1;
                    if runtime.is_some() {
                        one.is_reserved = one.once;
                        waiting.push(at);
                    } else {
                        abandoned += 1;
                    }
                }
                assert_eq!(dispatcher.emit(Tick).deliveries(), deliveries);
            }
            Action::EmitAsync => {
                let to = all.iter_mut().filter(|one| one.is_delivered());
                let deliveries = to.map(Modelled::call).count();
                let report = pollster::block_on(dispatcher.emit_async(Tick).into_future());
                assert_eq!(
                    (report.done(), report.deliveries()),
                    (deliveries, deliveries)
                );
            }
            Action::RunTasks => {
                let Some(runtime) = &runtime else {
                    continue;
                };
                runtime.block_on(idle());
                for at in waiting.drain(..) {
                    all[at].is_reserved = false;
                    if all[at].is_over {
                        cancelled += 1;
                    } else {
                        all[at].call();
                    }
                }
            }
            Action::EndRuntime => {
                runtime = None;
                abandoned += waiting.len();
                for at in waiting.drain(..) {
                    all[at].is_reserved = false;
                }
            }
        }
        for one in &all {
            assert_eq!(one.calls.load(Ordering::Relaxed), one.called);
        }
        assert_eq!(watch.count(CANCELLED), cancelled);
        assert_eq!(watch.count(DeliveryStatus::Abandoned), abandoned);
        assert_eq!(
            watch.count(DeliveryStatus::Done),
            all.iter().map(|one| one.called).sum::<usize>()
        );
    }
    for one in &mut all {
        one.guard = None;
    }
    drop(runtime);
    for one in &all {
        assert_eq!(
            Arc::strong_count(&one.calls),
            1,
            "what it captured is freed"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]
    #[test]
    fn no_call_begins_after_the_end_of_a_subscription_and_each_delivery_ends_once(
        actions in prop::collection::vec(action(), 1..40),
    ) {
        run(actions);
    }
}
