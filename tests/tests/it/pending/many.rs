//! Many async deliveries that wait at once inside of one emission.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use event_core::{Dispatcher, Event, handler};
use event_tests::quiet_panic;
use proptest::prelude::*;

#[derive(Event)]
struct Tick;

/// What one delivery waits for.
#[derive(Debug, Default)]
struct Wait {
    polls: AtomicUsize,
    is_over: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Wait {
    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        self.polls.fetch_add(1, Ordering::Relaxed);
        *self.waker.lock().expect("not poisoned") = Some(context.waker().clone());
        match self.is_over.load(Ordering::Relaxed) {
            0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    fn end(&self) {
        self.is_over.store(1, Ordering::Relaxed);
        let waker = self.waker.lock().expect("not poisoned").take();
        waker.expect("it was polled").wake();
    }
}

/// Counts how often the emission is woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_wake_up_polls_what_was_woken_and_not_all_that_wait() {
    const WAITING: usize = 1_000;
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let waits: Vec<_> = (0..WAITING).map(|_| Arc::new(Wait::default())).collect();
    let subscribe = |wait: &Arc<Wait>| {
        let wait = wait.clone();
        dispatcher.subscribe_async(move |_: Arc<Tick>| {
            let wait = wait.clone();
            poll_fn(move |context| wait.poll(context))
        })
    };
    let _guards: Vec<_> = waits.iter().map(subscribe).collect();
    let count = Arc::new(Wakes::default());
    let waker = Waker::from(count.clone());
    let mut context = Context::from_waker(&waker);
    let mut emission = Box::pin(dispatcher.emit_async(Tick).into_future());
    let mut poll = || emission.as_mut().poll(&mut context);
    assert!(poll().is_pending());
    let (last, others) = waits.split_first().expect("there are some");
    for wait in others.iter().rev() {
        let before = count.0.load(Ordering::Relaxed);
        wait.end();
        assert_eq!(count.0.load(Ordering::Relaxed), before + 1);
        assert!(poll().is_pending());
    }
    last.end();
    let Poll::Ready(report) = poll() else {
        panic!("nothing else to wait for");
    };
    assert_eq!(report.done(), WAITING);
    let polls: usize = waits
        .iter()
        .map(|wait| wait.polls.load(Ordering::Relaxed))
        .sum();
    assert!(polls <= 3 * WAITING, "{polls} polls of {WAITING}");
}

// --- Handlers that nobody observes -----------------------------------------------------------

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Done,
    Fails,
    Returns,
    Panics,
}

/// What each handler does: whether it waits, and how it ends.
type Plan = [(bool, End); HANDLERS];

const HANDLERS: usize = 30;

#[derive(Event)]
struct Planned {
    plan: Plan,
    waits: Arc<Vec<Wait>>,
}

#[derive(Event)]
struct Returned(usize);

async fn run(event: &Planned, at: usize) -> Result<Option<Returned>, &'static str> {
    let (waits, end) = event.plan[at];
    if waits {
        poll_fn(|context| event.waits[at].poll(context)).await;
    }
    match end {
        End::Done => Ok(None),
        End::Fails => Err("on purpose"),
        End::Returns => Ok(Some(Returned(at))),
        End::Panics => quiet_panic(),
    }
}

macro_rules! planned {
    ($($name:ident $at:literal)+) => {
        $(
            #[handler]
            async fn $name(event: &Planned) -> Result<Option<Returned>, &'static str> {
                run(event, $at).await
            }
        )+

        fn planned() -> event_core::dispatcher::DispatcherBuilder {
            Dispatcher::empty()$(.handler($name))+
        }
    };
}

planned! {
    p00 0 p01 1 p02 2 p03 3 p04 4 p05 5 p06 6 p07 7 p08 8 p09 9 p10 10 p11 11 p12 12 p13 13 p14 14
    p15 15 p16 16 p17 17 p18 18 p19 19 p20 20 p21 21 p22 22 p23 23 p24 24 p25 25 p26 26 p27 27 p28 28
    p29 29
}

fn plan() -> impl Strategy<Value = Plan> {
    let end = prop_oneof![
        8 => Just(End::Done),
        1 => Just(End::Fails),
        1 => Just(End::Returns),
        1 => Just(End::Panics),
    ];
    prop::array::uniform30((prop::bool::weighted(0.8), end))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]
    #[test]
    fn each_call_ends_once_whether_it_waits_or_not_and_whenever_the_emission_is_dropped(
        plan in plan(),
        // In which order those that wait are woken, and how many of them before the emission is dropped.
        order in Just((0..HANDLERS).collect::<Vec<_>>()).prop_shuffle(),
        dropped_after in prop::option::of(0..HANDLERS),
    ) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let in_hook = told.clone();
        let dispatcher = planned()
            .on_failure(move |failure| in_hook.lock().expect("not poisoned").push(failure.to_string()))
            .runtime(a_runtime())
            .build()
            .expect("wired");
        let waits: Arc<Vec<Wait>> = Arc::new((0..HANDLERS).map(|_| Wait::default()).collect());
        let event = Planned { plan, waits: waits.clone() };
        let mut emission = Box::pin(dispatcher.emit_async(event).into_future());
        let mut context = Context::from_waker(Waker::noop());
        let mut polled = emission.as_mut().poll(&mut context);
        let woken: Vec<_> = order.into_iter().filter(|at| plan[*at].0).collect();
        let before_drop = dropped_after.unwrap_or(HANDLERS).min(woken.len());
        for at in &woken[..before_drop] {
            prop_assert!(polled.is_pending());
            waits[*at].end();
            polled = emission.as_mut().poll(&mut context);
        }
        let has_ended = |at: usize| !plan[at].0 || woken[..before_drop].contains(&at);
        let of = |end| (0..HANDLERS).filter(move |at| has_ended(*at) && plan[*at].1 == end);
        let Poll::Ready(report) = polled else {
            drop(emission);
            let cancelled = woken.len() - before_drop;
            let deliveries = if cancelled == 1 { "delivery" } else { "deliveries" };
            let not_emitted = of(End::Returns).count();
            let events = if not_emitted == 1 { "event" } else { "events" };
            let text = format!(
                "{cancelled} {deliveries} cancelled, {not_emitted} caused {events} not emitted"
            );
            let told = told.lock().expect("not poisoned");
            prop_assert!(told.len() == 1 && told[0].contains(&text), "{:?}, {}", told, text);
            return Ok(());
        };
        prop_assert_eq!(before_drop, woken.len(), "nothing is left to wait for");
        let done = of(End::Done).count() + of(End::Returns).count();
        let counts = (report.done(), report.failed(), report.panicked());
        prop_assert_eq!(counts, (done, of(End::Fails).count(), of(End::Panics).count()));
        let returned = report.returned::<Returned>().map(|(_, returned)| returned.0);
        prop_assert_eq!(returned.collect::<Vec<_>>(), of(End::Returns).collect::<Vec<_>>());
        prop_assert!(told.lock().expect("not poisoned").is_empty());
    }
}

/// A build wants a runtime, which nothing here needs.
fn a_runtime() -> tokio::runtime::Handle {
    static RUNTIME: std::sync::OnceLock<tokio::runtime::Runtime> = std::sync::OnceLock::new();
    RUNTIME.get_or_init(event_tests::runtime).handle().clone()
}
