//! What a dispatcher owns and that panics when it is dropped, as a mock does whose expectations were not
//! met: whoever drops the last clone hears of it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use event_core::meta::Clock;
use event_core::observer::Observer;
use event_core::param::{Delivery, Param, Resolver};
use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::{
    AnyEvent, Dispatcher, Event, PendingEvents, dispatcher::DispatcherBuilder, handler,
};
use event_tests::{Gate, until};

const LONG: Duration = Duration::from_mins(1);

static THREADS: Queue = Queue::new("threads").consumers(2);
static TASKS: Queue = Queue::new("tasks").consumers(2);
static OWNED: LocalQueue<()> = LocalQueue::new("owned");

#[derive(Event)]
struct SignedUp;

#[mockall::automock]
trait Mailer: Send + Sync {
    fn welcome(&self);
}

#[handler]
fn inline(_event: &SignedUp, mailer: &dyn Mailer) {
    mailer.welcome();
}

#[handler]
fn catch_all(_event: &dyn AnyEvent, mailer: &dyn Mailer) {
    mailer.welcome();
}

#[handler]
async fn detached(_event: &SignedUp, mailer: &dyn Mailer) {
    tokio::task::yield_now().await;
    mailer.welcome();
}

#[handler(queue = THREADS)]
fn by_thread(_event: &SignedUp, mailer: &dyn Mailer) {
    mailer.welcome();
}

#[handler(queue = TASKS)]
async fn by_task(_event: &SignedUp, mailer: &dyn Mailer) {
    mailer.welcome();
}

#[handler(queue = OWNED)]
fn pumped(_event: &SignedUp, (): &mut (), mailer: &dyn Mailer) {
    mailer.welcome();
}

type Choose = fn(DispatcherBuilder) -> DispatcherBuilder;

const CHOICES: [(&str, Choose); 6] = [
    ("inline", |builder| builder.handler(inline)),
    ("catch-all", |builder| builder.handler(catch_all)),
    ("detached", |builder| builder.handler(detached)),
    ("by thread", |builder| builder.handler(by_thread)),
    ("by task", |builder| builder.handler(by_task)),
    ("pumped", |builder| builder.handler(pumped)),
];

/// A dispatcher that owns a mock, which wants to be called so often.
fn expecting(times: usize, choose: Choose) -> DispatcherBuilder {
    let mut mailer = MockMailer::new();
    mailer.expect_welcome().times(times).return_const(());
    choose(Dispatcher::empty()).provide_arc::<dyn Mailer>(Arc::new(mailer))
}

/// The text of the panic in which `code` ends, if it ends so.
fn panic_of(code: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(code)).err()?;
    Some(text(&*payload))
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "no text".to_owned())
}

#[test]
fn a_mock_fails_its_test_whatever_handler_takes_it() {
    let runtime = event_tests::runtime();
    for round in 0..60 {
        for (name, choose) in CHOICES {
            for (times, verdict) in [(1, None), (2, Some("called 1 time(s)"))] {
                let builder = expecting(times, choose).runtime(runtime.handle().clone());
                let dispatcher = builder.build().expect("wired");
                let _ = dispatcher.emit(SignedUp);
                if let Ok(owned) = dispatcher.queue(&OWNED) {
                    owned.pump(&mut ());
                }
                // All of these end with nothing under way; in some, threads and tasks are about to end.
                match round % 4 {
                    0 => drop(dispatcher.shutdown(LONG).blocking()),
                    1 => drop(runtime.block_on(dispatcher.shutdown(LONG))),
                    2 => {
                        for queue in dispatcher.queues().filter(|it| it.name() != "owned") {
                            assert!(queue.join_blocking(LONG));
                        }
                        if name == "detached" {
                            drop(dispatcher.shutdown(LONG).blocking());
                        }
                    }
                    _ => {
                        let clone = dispatcher.clone();
                        drop(clone.shutdown(LONG).blocking());
                    }
                }
                let panic = panic_of(|| drop(dispatcher));
                match verdict {
                    None => assert_eq!(panic, None, "{name}, round {round}"),
                    Some(verdict) => {
                        let panic =
                            panic.unwrap_or_else(|| panic!("{name}, round {round}: no verdict"));
                        assert!(panic.contains(verdict), "{panic}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_mock_fails_its_async_test() {
    for (name, choose) in CHOICES {
        let dispatcher = expecting(2, choose).build().expect("wired");
        let _ = dispatcher.emit_async(SignedUp).await;
        if let Ok(owned) = dispatcher.queue(&OWNED) {
            owned.pump(&mut ());
        }
        assert!(dispatcher.shutdown(LONG).await.is_complete());
        let panic = panic_of(|| drop(dispatcher)).unwrap_or_else(|| panic!("{name}: no verdict"));
        assert!(panic.contains("called 1 time(s)"), "{panic}");
    }
}

/// Counts that it is dropped, and panics then, also where something else does already.
struct Strict {
    name: &'static str,
    dropped: Arc<AtomicUsize>,
}

impl Strict {
    fn new(name: &'static str, dropped: &Arc<AtomicUsize>) -> Self {
        Self {
            name,
            dropped: dropped.clone(),
        }
    }

    /// A closure that calls this owns all of it.
    fn touch(&self) {
        assert!(!self.name.is_empty());
    }
}

impl Drop for Strict {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        panic!("{} was dropped", self.name);
    }
}

impl Observer for Strict {}

impl Clock for Strict {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
}

/// A value of a type of its own.
struct Value<const N: usize>(Strict);

#[handler]
fn takes_values(_event: &SignedUp, first: &Value<1>, second: &Value<2>, _states: States) {
    let _ = (&first.0.name, &second.0.name);
}

#[handler]
fn takes_a_state(_event: &SignedUp, _states: States, _more: States) {}

/// A parameter whose state panics when it is dropped.
struct States;

impl Param for States {
    type State = Strict;
    type Rejection = std::convert::Infallible;

    fn resolve(resolver: &mut Resolver<'_>) -> Option<Strict> {
        let dropped = resolver.required::<AtomicUsize>()?;
        Some(Strict::new("a state", &dropped))
    }

    fn param(_: &Strict, _: &Delivery<'_>) -> Result<Self, Self::Rejection> {
        Ok(Self)
    }
}

/// Lets a builder own it.
type Own = fn(DispatcherBuilder, Strict) -> DispatcherBuilder;

/// Lets a dispatcher own it.
type Add<'a> = &'a dyn Fn(&Dispatcher, Strict);

/// What a dispatcher owns: one of each kind.
const OWNERS: [(&str, Own); 5] = [
    ("a value that nobody takes", |builder, strict| {
        builder.provide(strict)
    }),
    ("a value", |builder, strict| {
        builder.handler(takes_value).provide(Value::<1>(strict))
    }),
    ("an observer", |builder, strict| builder.observe(strict)),
    ("a clock", |builder, strict| builder.clock(strict)),
    ("a hook", |builder, strict| {
        builder.on_failure(move |_| strict.touch())
    }),
];

#[handler]
fn takes_value(_event: &SignedUp, value: &Value<1>) {
    let _ = value.0.name;
}

#[test]
fn whatever_a_dispatcher_owns_is_dropped_plainly_with_its_last_clone() {
    for (name, own) in OWNERS {
        let dropped = Arc::new(AtomicUsize::new(0));
        let builder = own(Dispatcher::empty(), Strict::new(name, &dropped));
        let dispatcher = builder.build().expect("wired");
        let _ = dispatcher.emit(SignedUp);
        let clone = dispatcher.clone();
        assert_eq!(panic_of(|| drop(dispatcher)), None, "a clone is left");
        assert_eq!(
            panic_of(|| drop(clone)),
            Some(format!("{name} was dropped"))
        );
        assert_eq!(dropped.load(Ordering::Relaxed), 1, "{name}");
    }
    // Of what comes after the build.
    let dropped = Arc::new(AtomicUsize::new(0));
    let strict = |name| Strict::new(name, &dropped);
    let added: [(&str, Add<'_>); 4] = [
        ("a subscription", &|dispatcher, strict| {
            let call = move |_: &SignedUp| strict.touch();
            dispatcher.subscribe(call).detach();
        }),
        ("an async subscription", &|dispatcher, strict| {
            let call = move |_: Arc<SignedUp>| {
                strict.touch();
                std::future::ready(())
            };
            dispatcher.subscribe_async(call).detach();
        }),
        ("an observer", &|dispatcher, strict| {
            dispatcher.observe(strict).detach();
        }),
        ("a wake-up", &|dispatcher, strict| {
            let wake = move || strict.touch();
            assert!(
                dispatcher
                    .queue(&OWNED)
                    .expect("a handler names it")
                    .on_wake(wake)
                    .is_ok()
            );
        }),
    ];
    for (name, add) in added {
        let dispatcher = expecting(0, |builder| builder.handler(pumped))
            .build()
            .expect("wired");
        add(&dispatcher, strict(name));
        assert_eq!(
            panic_of(|| drop(dispatcher)),
            Some(format!("{name} was dropped"))
        );
    }
    assert_eq!(dropped.load(Ordering::Relaxed), 4);
}

#[test]
fn all_that_a_dispatcher_owns_is_dropped_though_each_panics() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let strict = |name| Strict::new(name, &dropped);
    let dispatcher = Dispatcher::empty()
        .handler(takes_values)
        .handler(takes_a_state)
        .provide_arc(dropped.clone())
        .provide(Value::<1>(strict("the first value")))
        .provide(Value::<2>(strict("the second value")))
        .provide(Value::<3>(strict("one that nobody takes")))
        .observe(strict("an observer"))
        .observe(strict("another observer"))
        .clock(strict("the clock"))
        .build()
        .expect("wired");
    for _ in 0..2 {
        let strict = strict("a subscription");
        let call = move |_: &SignedUp| strict.touch();
        dispatcher.subscribe(call).detach();
    }
    assert_eq!(dispatcher.emit(SignedUp).done(), 4);
    let panic = panic_of(|| drop(dispatcher)).expect("the first of them");
    assert!(panic.ends_with(" was dropped"), "{panic}");
    // Three states, too.
    assert_eq!(dropped.load(Ordering::Relaxed), 6 + 2 + 3);
}

#[test]
fn what_a_guard_owns_is_dropped_plainly_with_it() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let dropped = Arc::new(AtomicUsize::new(0));
    let strict = || Strict::new("it", &dropped);
    let panic = Some("it was dropped".to_owned());

    let held = strict();
    let guard = dispatcher.subscribe(move |_: &SignedUp| held.touch());
    assert_eq!(panic_of(|| guard.cancel()), panic);
    let held = strict();
    let guard = dispatcher.subscribe_async(move |_: Arc<SignedUp>| {
        held.touch();
        std::future::ready(())
    });
    assert_eq!(panic_of(|| drop(guard)), panic);
    let guard = dispatcher.observe(strict());
    assert_eq!(panic_of(|| drop(guard)), panic);
    assert_eq!(panic_of(|| drop(dispatcher.with(strict()))), panic);
    let emitted = panic_of(|| {
        let _ = dispatcher.with(strict()).emit(SignedUp);
    });
    assert_eq!(emitted, panic);
    assert_eq!(
        panic_of(|| drop(Dispatcher::empty().provide(strict()))),
        panic
    );
    assert_eq!(dropped.load(Ordering::Relaxed), 6);
    // Nothing of it is left behind.
    assert_eq!(dispatcher.emit(SignedUp).done(), 0);
    assert_eq!(panic_of(|| drop(dispatcher)), None);
}

/// An event that panics when it is dropped.
#[derive(Event)]
struct Fragile {
    #[event(redact)]
    _strict: Strict,
}

#[test]
fn events_that_nobody_gets_are_dropped_plainly_with_a_stream_or_a_list() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let fragile = || Fragile {
        _strict: Strict::new("it", &dropped),
    };
    let panic = Some("it was dropped".to_owned());
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let stream = dispatcher.stream::<Fragile>(4, Overflow::DropOldest);
    assert!(dispatcher.emit(fragile()).is_ok());
    assert!(dispatcher.emit(fragile()).is_ok());
    assert_eq!(panic_of(|| drop(stream)), panic);
    let pending: PendingEvents = std::iter::once(fragile()).collect();
    assert_eq!(panic_of(|| drop(pending)), panic);
    assert_eq!(dropped.load(Ordering::Relaxed), 3);
}

#[test]
fn on_a_thread_that_panics_its_panic_stays_the_one() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let build = || {
        let strict = |name| Strict::new(name, &dropped);
        let builder = Dispatcher::empty().provide(Value::<1>(strict("a value")));
        let dispatcher = builder
            .provide(Value::<2>(strict("another")))
            .build()
            .expect("wired");
        let held = strict("a capture");
        let guard = dispatcher.subscribe(move |_: &SignedUp| held.touch());
        (dispatcher, guard)
    };
    let panic = panic_of(|| {
        let _owners = build();
        panic!("the test failed");
    });
    assert_eq!(panic.as_deref(), Some("the test failed"));
    assert_eq!(dropped.load(Ordering::Relaxed), 3);
}

#[handler]
async fn waits(_event: &SignedUp, gate: &Gate, _value: &Value<1>) {
    gate.pass().await;
}

#[handler(queue = THREADS)]
fn waits_on_thread(_event: &SignedUp, gate: &Gate, _value: &Value<1>) {
    gate.pass_blocking();
}

#[handler(queue = TASKS)]
async fn waits_in_queue(_event: &SignedUp, gate: &Gate, _value: &Value<1>) {
    gate.pass().await;
}

#[test]
fn where_a_delivery_is_the_last_owner_the_panic_stays_there() {
    let choices: [Choose; 3] = [
        |builder| builder.handler(waits),
        |builder| builder.handler(waits_on_thread),
        |builder| builder.handler(waits_in_queue),
    ];
    for choose in choices {
        let runtime = event_tests::runtime();
        let (gate, dropped) = (Arc::<Gate>::default(), Arc::new(AtomicUsize::new(0)));
        let dispatcher = choose(Dispatcher::empty())
            .provide_arc(gate.clone())
            .provide(Value::<1>(Strict::new("a value", &dropped)))
            .runtime(runtime.handle().clone())
            .build()
            .expect("wired");
        assert_eq!(dispatcher.emit(SignedUp).handed_over(), 1);
        let handle = dispatcher.handle();
        assert_eq!(panic_of(|| drop(dispatcher)), None);
        assert!(handle.get().is_err(), "there is no clone left");
        assert_eq!(dropped.load(Ordering::Relaxed), 0, "it is under way");
        gate.open_for_all();
        until("the mock is dropped", || {
            dropped.load(Ordering::Relaxed) == 1
        });
        // The workers live on.
        runtime
            .block_on(runtime.spawn(std::future::ready(())))
            .expect("no panic");
    }
}

#[test]
fn the_verdict_of_a_mock_does_not_hide_why_there_is_no_dispatcher() {
    let mut mailer = MockMailer::new();
    mailer.expect_welcome().times(1).return_const(());
    // It is not what the handler takes.
    let builder = Dispatcher::empty().handler(inline).provide(mailer);
    let error = builder.build().expect_err("nothing to take");
    assert!(error.to_string().contains("dyn Mailer"), "{error}");
}
