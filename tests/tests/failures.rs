//! What a failure, its line in the log and the hook say: which event failed, and why.
//! Apart from other tests, since `tracing` keeps for the whole process whether a subscriber wants a line.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "handlers take parameters by value and return what the test is about"
)]

#[path = "common/lines.rs"]
mod lines;

use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::observer::{EmissionSeen, Observer};
use event_core::param::{Delivery, Param, Resolver};
use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::report::{Ended, Failure};
use event_core::wire::EncodeError;
use event_core::{AnyEvent, Dispatcher, DispatcherBuilder, Emitter, Event, Meta, handler};
use event_tests::{codec, quiet_panic, runtime};
use serde::{Deserialize, Serialize, Serializer};
use tokio::runtime::Runtime;
use tracing::Level;

use lines::Lines;

const SECRET: &str = "4111 1111 1111 1111";

#[derive(Event, Clone, PartialEq, Serialize, Deserialize)]
#[event(name = "shop.paid", wire, key = order)]
struct Paid {
    order: u64,
    #[event(redact)]
    card: String,
}

fn paid(order: u64) -> Paid {
    Paid {
        order,
        card: SECRET.to_owned(),
    }
}

// What waits for room in these is rejected: handlers cause events of the same queue.
static THREAD: Queue = Queue::new("thread").consumers(1).overflow(Overflow::Reject);
static TASK: Queue = Queue::new("task").consumers(1).overflow(Overflow::Reject);
static LOCAL: LocalQueue<u8> = LocalQueue::new("local");

/// What handlers a dispatcher has, and how to call that.
type Case = (&'static str, fn(DispatcherBuilder) -> DispatcherBuilder);

/// A parameter that refuses each delivery.
struct Refuses;

impl Param for Refuses {
    type State = ();
    type Rejection = &'static str;

    fn resolve(_: &mut Resolver<'_>) -> Option<()> {
        Some(())
    }

    fn param((): &(), _: &Delivery<'_>) -> Result<Self, Self::Rejection> {
        Err("no")
    }
}

mod failing {
    use super::*;

    #[handler]
    pub(crate) fn inline(_event: &Paid) -> Result<(), &'static str> {
        Err("no")
    }

    #[handler]
    pub(crate) fn inline_panics(_event: &Paid) {
        quiet_panic();
    }

    #[handler]
    pub(crate) fn inline_refused(_event: &Paid, _refuses: Refuses) {}

    #[handler(events = "shop.*")]
    pub(crate) fn catch_all(_event: &dyn AnyEvent) -> Result<(), &'static str> {
        Err("no")
    }

    #[handler(events = "shop.*")]
    pub(crate) fn catch_all_refused(_event: &dyn AnyEvent, _refuses: Refuses) {}

    #[handler]
    pub(crate) async fn ready(_event: &Paid) -> Result<(), &'static str> {
        Err("no")
    }

    #[handler]
    pub(crate) async fn awaits(_event: &Paid) -> Result<(), &'static str> {
        tokio::task::yield_now().await;
        Err("no")
    }

    #[handler]
    pub(crate) async fn panics(_event: &Paid) {
        tokio::task::yield_now().await;
        quiet_panic();
    }

    #[handler]
    pub(crate) async fn refused(_event: &Paid, _refuses: Refuses) {}

    #[handler(timeout = "1ms")]
    pub(crate) async fn takes_too_long(_event: &Paid) {
        pending::<()>().await;
    }

    #[handler(events = "shop.*")]
    pub(crate) async fn catch_all_async(_event: &dyn AnyEvent) -> Result<(), &'static str> {
        Err("no")
    }

    #[handler(queue = THREAD)]
    pub(crate) fn thread(_event: &Paid) -> Result<(), &'static str> {
        Err("no")
    }

    #[handler(queue = THREAD)]
    pub(crate) fn thread_panics(_event: &Paid) {
        quiet_panic();
    }

    #[handler(queue = TASK)]
    pub(crate) async fn task(_event: &Paid) -> Result<(), &'static str> {
        Err("no")
    }

    #[handler(queue = TASK)]
    pub(crate) async fn task_panics(_event: &Paid) {
        tokio::task::yield_now().await;
        quiet_panic();
    }

    #[handler(queue = LOCAL)]
    pub(crate) fn local(_event: &Paid) -> Result<(), &'static str> {
        Err("no")
    }

    #[handler(queue = LOCAL)]
    pub(crate) fn lent(_event: &Paid, _lent: &mut u8) -> Result<(), &'static str> {
        Err("no")
    }

    #[handler(queue = LOCAL)]
    pub(crate) fn lent_refused(_event: &Paid, _lent: &mut u8, _refuses: Refuses) {}
}

mod subscribed {
    use super::*;

    pub(crate) fn inline(dispatcher: &Dispatcher) {
        dispatcher.subscribe(|_: &Paid| Err::<(), _>("no")).detach();
    }

    pub(crate) fn panics(dispatcher: &Dispatcher) {
        let panics = |_: &Paid| -> () { quiet_panic() };
        dispatcher.subscribe(panics).detach();
    }

    pub(crate) fn later(dispatcher: &Dispatcher) {
        let later = dispatcher.subscribe_async(|_: Arc<Paid>| async { Err::<(), _>("no") });
        later.detach();
    }

    pub(crate) fn nothing(_: &Dispatcher) {}
}

/// One handler or subscription that fails, however it is reached.
type Way = (
    &'static str,
    fn(DispatcherBuilder) -> DispatcherBuilder,
    fn(&Dispatcher),
);

const WAYS: [Way; 21] = {
    use failing as of;
    use subscribed::nothing;
    [
        ("inline", |it| it.only(of::inline), nothing),
        ("inline_panics", |it| it.only(of::inline_panics), nothing),
        ("inline_refused", |it| it.only(of::inline_refused), nothing),
        ("catch_all", |it| it.only(of::catch_all), nothing),
        (
            "catch_all_refused",
            |it| it.only(of::catch_all_refused),
            nothing,
        ),
        ("ready", |it| it.only(of::ready), nothing),
        ("awaits", |it| it.only(of::awaits), nothing),
        ("panics", |it| it.only(of::panics), nothing),
        ("refused", |it| it.only(of::refused), nothing),
        ("takes_too_long", |it| it.only(of::takes_too_long), nothing),
        (
            "catch_all_async",
            |it| it.only(of::catch_all_async),
            nothing,
        ),
        ("thread", |it| it.only(of::thread), nothing),
        ("thread_panics", |it| it.only(of::thread_panics), nothing),
        ("task", |it| it.only(of::task), nothing),
        ("task_panics", |it| it.only(of::task_panics), nothing),
        ("local", |it| it.only(of::local), nothing),
        ("lent", |it| it.only(of::lent), nothing),
        ("lent_refused", |it| it.only(of::lent_refused), nothing),
        ("subscription", |it| it, subscribed::inline),
        ("subscription that panics", |it| it, subscribed::panics),
        ("async subscription", |it| it, subscribed::later),
    ]
};

/// What is known of a failure, wherever it was told.
#[derive(Debug)]
struct Said {
    text: String,
    debug: String,
    meta: Option<Meta>,
    payload: Option<String>,
    envelope: Result<String, EncodeError>,
    ended: Option<Ended>,
}

impl Said {
    fn by(failure: &Failure) -> Self {
        Self {
            text: failure.to_string(),
            debug: format!("{failure:?}"),
            meta: failure.meta().cloned(),
            payload: failure.payload().map(str::to_owned),
            envelope: failure.envelope(&codec()),
            ended: failure.ended(),
        }
    }

    fn meta(&self) -> Meta {
        self.meta
            .clone()
            .unwrap_or_else(|| panic!("an identity of {self:?}"))
    }
}

/// What was told of failures, by a hook or in reports.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Said>>>);

impl Heard {
    fn hook(&self) -> impl Fn(&Failure) + Send + Sync + 'static {
        let heard = self.clone();
        move |failure| heard.0.lock().expect("heard").push(Said::by(failure))
    }

    fn take(&self) -> Vec<Said> {
        std::mem::take(&mut *self.0.lock().expect("heard"))
    }
}

/// The identity of each emission.
#[derive(Clone, Default)]
struct Emitted(Arc<Mutex<Vec<Meta>>>);

impl Observer for Emitted {
    fn emission_started(&self, emission: &EmissionSeen<'_>) {
        self.0
            .lock()
            .expect("emitted")
            .push(emission.meta().clone());
    }
}

/// Lets everything end that is under way.
async fn quiet(dispatcher: &Dispatcher) {
    while dispatcher.pump(&LOCAL, &mut 0) > 0 {}
    let shutdown = dispatcher.shutdown(Duration::from_mins(1)).await;
    assert_eq!(shutdown.abandoned_count(), 0, "{shutdown:?}");
}

#[test]
fn each_failure_names_its_event_and_its_line_is_in_the_span_of_its_delivery() {
    for (way, choose, subscribe) in WAYS {
        for awaits in [false, true] {
            let (lines, _listening) = Lines::listen();
            let runtime = runtime();
            let (heard, seen) = (Heard::default(), Emitted::default());
            let dispatcher = choose(Dispatcher::empty())
                .runtime(runtime.handle().clone())
                .on_failure(heard.hook())
                .observe(seen.clone())
                .spans()
                .build()
                .expect("a dispatcher");
            subscribe(&dispatcher);
            let emitter = tracing::info_span!("emitter");
            let report = emitter.in_scope(|| {
                if awaits {
                    pollster::block_on(dispatcher.emit_async(paid(7)))
                } else {
                    dispatcher.emit(paid(7))
                }
            });
            runtime.block_on(quiet(&dispatcher));

            let mut all = heard.take();
            all.extend(report.failures().iter().map(Said::by));
            let [said] = &all[..] else {
                panic!("{way}: {all:?}")
            };
            let [emission] = &seen.0.lock().expect("emitted")[..] else {
                panic!("{way}: one emission")
            };
            assert_eq!(said.meta.as_ref(), Some(emission), "{way}");
            assert_eq!(emission.attempt(), 1);
            let payload = "Paid { order: 7, card: [redacted] }";
            assert_eq!(said.payload.as_deref(), Some(payload), "{way}");
            assert!(!said.debug.contains(SECRET), "{way}: {}", said.debug);
            assert!(said.debug.contains(payload), "{way}: {}", said.debug);

            let lines = lines.take_of(Level::ERROR);
            let [line] = &lines[..] else {
                panic!("{way}: {lines:?}")
            };
            assert_eq!(line.message(), said.text, "{way}");
            assert_eq!(line.field("event"), "shop.paid", "{way}");
            assert_eq!(line.field("event_id"), emission.id().to_string(), "{way}");
            let correlation = emission.correlation().to_string();
            assert_eq!(line.field("correlation_id"), correlation, "{way}");
            assert_eq!(line.field("attempt"), "1", "{way}");
            assert_eq!(line.field("payload"), payload, "{way}");
            assert!(!line.field("handler").is_empty(), "{way}");
            assert!(!format!("{line:?}").contains(SECRET), "{way}: {line:?}");
            let spans: Vec<_> = line.spans.iter().map(|span| &*span["name"]).collect();
            assert_eq!(spans, ["handle", "emit", "emitter"], "{way}");
            let of = &line.spans[0];
            assert_eq!(
                of["messaging.message.id"],
                emission.id().to_string(),
                "{way}"
            );
            assert_eq!(of["code.function.name"], line.field("handler"), "{way}");
        }
    }
}

#[test]
fn a_handlers_failure_is_not_written_in_the_span_of_the_emitter() {
    for (way, choose, subscribe) in WAYS {
        let (lines, _listening) = Lines::listen();
        let runtime = runtime();
        let dispatcher = choose(Dispatcher::empty())
            .runtime(runtime.handle().clone())
            .build()
            .expect("a dispatcher");
        subscribe(&dispatcher);
        let emitter = tracing::info_span!("emitter");
        emitter.in_scope(|| pollster::block_on(dispatcher.emit_async(paid(7))));
        emitter.in_scope(|| runtime.block_on(quiet(&dispatcher)));
        for line in lines.take_of(Level::ERROR) {
            let spans: Vec<_> = line.spans.iter().map(|span| &*span["name"]).collect();
            assert_eq!(spans, ["failure", "emitter"], "{way}");
        }
    }
}

static FULL: Queue = Queue::new("full")
    .consumers(1)
    .capacity(1)
    .overflow(Overflow::Reject);

#[handler(queue = FULL)]
async fn waits_in_full(_event: &Paid) {}

#[handler(concurrency = 1)]
async fn runs_alone(_event: &Paid) {
    pending::<()>().await;
}

#[handler(queue = LOCAL)]
fn is_never_pumped(_event: &Paid) {}

#[test]
fn a_delivery_that_never_ran_names_its_event_and_its_line_is_in_no_span_of_the_emitter() {
    type Never = (
        &'static str,
        fn(DispatcherBuilder) -> DispatcherBuilder,
        fn(&Dispatcher, &Runtime) -> Vec<Said>,
        Ended,
    );
    let reports = |dispatcher: &Dispatcher, _: &Runtime| -> Vec<Said> {
        dispatcher.emit(paid(1));
        let report = dispatcher.emit(paid(7));
        report.failures().iter().map(Said::by).collect()
    };
    let cases: [Never; 5] = [
        (
            "a full queue",
            |it| it.only(waits_in_full),
            |dispatcher, _| {
                dispatcher.queue(&FULL).pause();
                dispatcher.emit(paid(1));
                let report = dispatcher.emit(paid(7));
                report.failures().iter().map(Said::by).collect()
            },
            Ended::Rejected,
        ),
        (
            "concurrency",
            |it| it.only(runs_alone),
            reports,
            Ended::Rejected,
        ),
        (
            "a full stream",
            |it| it,
            |dispatcher, _| {
                let _stream = dispatcher.stream::<Paid>(1, Overflow::Reject);
                dispatcher.emit(paid(1));
                let report = dispatcher.emit(paid(7));
                report.failures().iter().map(Said::by).collect()
            },
            Ended::Rejected,
        ),
        (
            "no runtime",
            |it| it,
            |dispatcher, _| {
                let run = |_: Arc<Paid>| async {};
                let _subscription = dispatcher.subscribe_async(run);
                let report = dispatcher.emit(paid(7));
                report.failures().iter().map(Said::by).collect()
            },
            Ended::Abandoned,
        ),
        (
            "abandoned",
            |it| it.only(is_never_pumped),
            |dispatcher, runtime| {
                dispatcher.emit(paid(7));
                let shutdown = runtime.block_on(dispatcher.shutdown(Duration::ZERO));
                assert_eq!(shutdown.abandoned_count(), 1);
                Vec::new()
            },
            Ended::Abandoned,
        ),
    ];
    for (case, choose, run, ended) in cases {
        let (lines, _listening) = Lines::listen();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        let heard = Heard::default();
        let builder = choose(Dispatcher::empty()).on_failure(heard.hook()).spans();
        let builder = if case == "no runtime" {
            builder
        } else {
            builder.runtime(runtime.handle().clone())
        };
        let dispatcher = builder.build().expect("a dispatcher");
        let emitter = tracing::info_span!("emitter");
        let mut all = emitter.in_scope(|| run(&dispatcher, &runtime));
        let lines = lines.take_of(Level::ERROR);
        all.extend(heard.take());
        let [said] = &all[..] else {
            panic!("{case}: {all:?}")
        };
        assert_eq!(said.ended, Some(ended), "{case}");
        let payload = "Paid { order: 7, card: [redacted] }";
        assert_eq!(said.payload.as_deref(), Some(payload), "{case}");
        let id = said.meta().id().to_string();
        let [line] = &lines[..] else {
            panic!("{case}: {lines:?}")
        };
        assert_eq!(line.field("event_id"), id, "{case}");
        let spans: Vec<_> = line.spans.iter().map(|span| &*span["name"]).collect();
        assert_eq!(spans, ["failure", "emit", "emitter"], "{case}");
        assert_eq!(line.spans[1]["messaging.message.id"], id, "{case}");
    }
}

/// Which handlers an event of a chain has, and which events they cause.
#[derive(Event)]
struct First;
#[derive(Event)]
struct Second;
#[derive(Event)]
struct Third;

mod chain {
    use super::*;

    macro_rules! at {
        ($place:ident ($($key:tt)*) $($async:ident)?) => {
            pub(crate) mod $place {
                use super::*;

                #[handler($($key)*)]
                pub(crate) $($async)? fn first(_event: &First) -> (Second, Result<(), &'static str>) {
                    (Second, Err("no"))
                }

                #[handler($($key)*)]
                pub(crate) $($async)? fn second(_event: &Second, emitter: Emitter<Third>) -> Result<(), &'static str> {
                    emitter.emit(Third);
                    Err("no")
                }

                #[handler($($key)*)]
                pub(crate) $($async)? fn third(_event: &Third) -> Result<(), &'static str> {
                    Err("no")
                }

                #[handler($($key)*)]
                pub(crate) $($async)? fn third_panics(_event: &Third) {
                    quiet_panic();
                }
            }
        };
    }

    at!(inline());
    at!(asynchronous() async);
    at!(thread(queue = THREAD));
    at!(task(queue = TASK) async);
    at!(local(queue = LOCAL));
}

#[test]
fn where_nobody_asked_for_identities_failures_agree_on_them() {
    macro_rules! all {
        ($($place:ident)+) => {
            [$((stringify!($place), |it: DispatcherBuilder| {
                use chain::$place as at;
                it.only(at::first).only(at::second).only(at::third).only(at::third_panics)
            })),+]
        };
    }
    let places: [Case; 5] = all!(inline asynchronous thread task local);
    // A second place for the last event, so that its failures come from different ones.
    for (place, choose) in places {
        for awaits in [false, true] {
            let runtime = runtime();
            let heard = Heard::default();
            let builder = choose(Dispatcher::empty());
            let builder = match place {
                "thread" => builder.only(chain::inline::third),
                _ => builder.only(chain::thread::third),
            };
            let dispatcher = builder
                .runtime(runtime.handle().clone())
                .on_failure(heard.hook())
                .build()
                .expect("a dispatcher");
            let report = if awaits {
                pollster::block_on(dispatcher.emit_async(First))
            } else {
                dispatcher.emit(First)
            };
            runtime.block_on(async {
                for _ in 0..3 {
                    dispatcher.queue(&THREAD).join().await;
                    if place == "task" {
                        dispatcher.queue(&TASK).join().await;
                    }
                    while dispatcher.pump(&LOCAL, &mut 0) > 0 {}
                }
                quiet(&dispatcher).await;
            });
            let mut all: Vec<_> = report.failures().iter().map(Said::by).collect();
            all.extend(heard.take());
            let of = |name: &str| -> Vec<Meta> {
                let is_of = |said: &&Said| said.text.contains(&format!("::{name}`"));
                let of: Vec<_> = all.iter().filter(is_of).collect();
                of.iter().map(|said| said.meta()).collect()
            };
            let ([first], [second], third) =
                (&of("First")[..], &of("Second")[..], &of("Third")[..])
            else {
                panic!("{place}: {all:?}")
            };
            assert_eq!(third.len(), 3, "{place}: {all:?}");
            assert_eq!((first.correlation(), first.causation()), (first.id(), None));
            assert_eq!(second.correlation(), first.id(), "{place}");
            assert_eq!(second.causation(), Some(first.id()), "{place}");
            for it in third {
                assert_eq!(it, &third[0], "{place}");
                assert_eq!(it.correlation(), first.id(), "{place}");
                assert_eq!(it.causation(), Some(second.id()), "{place}");
            }
            let depths = [first.depth(), second.depth(), third[0].depth()];
            assert_eq!(depths, [0, 1, 2], "{place}");
        }
    }
}

/// Has an inline handler, and is caused by one that a queue runs.
#[derive(Event, PartialEq, Serialize, Deserialize)]
#[event(name = "shop.shipped", wire)]
struct Shipped {
    order: u64,
    #[event(redact)]
    address: String,
}

#[handler(queue = THREAD)]
fn ship(event: &Paid) -> Shipped {
    Shipped {
        order: event.order,
        address: SECRET.to_owned(),
    }
}

#[handler]
fn label(_event: &Shipped) -> Result<(), &'static str> {
    Err("no paper")
}

#[test]
fn a_dead_letter_is_written_from_the_hook_and_is_the_same_event_again() {
    let cases: [Case; 6] = [
        ("thread", |it| it.only(failing::thread)),
        ("task", |it| it.only(failing::task_panics)),
        ("detached", |it| it.only(failing::awaits)),
        ("timeout", |it| it.only(failing::takes_too_long)),
        ("local", |it| it.only(failing::lent)),
        // Whose event is nowhere but on a stack when it fails.
        ("caused", |it| it.only(ship).only(label)),
    ];
    for (case, choose) in cases {
        let runtime = runtime();
        let (heard, seen) = (Heard::default(), Emitted::default());
        let dispatcher = choose(Dispatcher::empty())
            .runtime(runtime.handle().clone())
            .on_failure(heard.hook())
            .observe(seen.clone())
            .build()
            .expect("a dispatcher");
        dispatcher.emit(paid(7));
        runtime.block_on(quiet(&dispatcher));
        let all = heard.take();
        let [said] = &all[..] else {
            panic!("{case}: {all:?}")
        };
        let letter = said.envelope.as_ref().expect("an envelope");
        assert!(letter.contains(SECRET), "{case}: {letter}");
        assert!(!said.debug.contains(SECRET), "{case}: {}", said.debug);
        let again = codec().decode(letter.as_bytes()).expect("an event");
        assert_eq!(*again.meta(), said.meta(), "{case}");
        let emitted = seen.0.lock().expect("emitted");
        assert!(emitted.contains(again.meta()), "{case}");
        if case == "caused" {
            let shipped = again.event().downcast_ref::<Shipped>();
            assert_eq!(
                shipped.map(|it| (it.order, &*it.address)),
                Some((7, SECRET))
            );
            assert_eq!(again.meta().causation(), Some(again.meta().correlation()));
        } else {
            assert_eq!(
                again.event().downcast_ref::<Paid>(),
                Some(&paid(7)),
                "{case}"
            );
            // As a codec writes the event itself, key and all.
            let written = codec().encode(&paid(7), &said.meta()).expect("an envelope");
            assert_eq!(*letter, written, "{case}");
        }
        // Sent again, it is that event.
        let once_more = choose(Dispatcher::empty())
            .runtime(runtime.handle().clone())
            .on_failure(heard.hook())
            .build()
            .expect("a dispatcher");
        let report = once_more.deliver(&again);
        runtime.block_on(quiet(&once_more));
        let mut all = heard.take();
        all.extend(report.failures().iter().map(Said::by));
        assert_eq!(all.len(), 1, "{case}: {all:?}");
        assert_eq!(all[0].meta().id(), again.meta().id(), "{case}");
    }
}

#[handler(queue = FULL)]
async fn notes_its_attempt(
    _event: &Paid,
    meta: Meta,
    seen: &Mutex<Vec<u32>>,
) -> Result<(), &'static str> {
    seen.lock().expect("seen").push(meta.attempt());
    Err("no")
}

#[handler(concurrency = 1)]
async fn notes_alone(
    _event: &Paid,
    meta: Meta,
    seen: &Mutex<Vec<u32>>,
) -> Result<(), &'static str> {
    tokio::task::yield_now().await;
    seen.lock().expect("seen").push(meta.attempt());
    Err("no")
}

#[test]
fn a_redelivery_is_the_next_attempt_of_the_same_event() {
    let cases: [Case; 2] = [
        ("queue", |it| it.only(notes_its_attempt)),
        ("concurrency", |it| it.only(notes_alone)),
    ];
    for (case, choose) in cases {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        let heard = Heard::default();
        let seen = Arc::new(Mutex::new(Vec::<u32>::new()));
        let dispatcher = choose(Dispatcher::empty())
            .provide_arc(Arc::clone(&seen))
            .runtime(runtime.handle().clone())
            .on_failure(heard.hook())
            .build()
            .expect("a dispatcher");
        let report = runtime.block_on(async {
            dispatcher.emit(paid(1));
            let report = dispatcher.emit(paid(2));
            let full = report.failures().first().expect("no room");
            assert!(full.is_full(), "{report}");
            // One that is given up is none.
            drop(full.redeliver());
            full.redeliver().await.expect("room");
            quiet(&dispatcher).await;
            report
        });
        assert_eq!(*seen.lock().expect("seen"), [1, 2], "{case}");
        let full = Said::by(&report.failures()[0]);
        let all = heard.take();
        let attempts: Vec<_> = all.iter().map(|said| said.meta().attempt()).collect();
        assert_eq!(attempts, [1, 2], "{case}");
        assert_eq!(full.meta().attempt(), 1, "{case}");
        assert_eq!(all[1].meta().id(), full.meta().id(), "{case}");
    }
}

/// An event whose `Debug` and `Serialize` are what it says.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.odd", wire)]
struct Odd {
    shown: Shows,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
enum Shows {
    Long,
    Panics,
    Fails,
    /// It can be shown, and not written.
    Unwritten,
}

impl fmt::Debug for Shows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long => (0..100_000).try_for_each(|_| f.write_str("né")),
            Self::Panics => quiet_panic(),
            Self::Fails => Err(fmt::Error),
            Self::Unwritten => f.write_str("unwritten"),
        }
    }
}

impl Serialize for Shows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Long => serializer.serialize_unit_variant("Shows", 0, "Long"),
            Self::Panics => quiet_panic(),
            Self::Fails | Self::Unwritten => Err(serde::ser::Error::custom("no form")),
        }
    }
}

#[handler]
fn fails_on_odd(_event: &Odd) -> Result<(), &'static str> {
    Err("no")
}

#[test]
fn a_payload_is_cut_and_code_that_cannot_show_or_write_the_event_harms_no_failure() {
    let dispatcher = Dispatcher::empty()
        .only(fails_on_odd)
        .build()
        .expect("a dispatcher");
    let said = |shown| {
        let report = dispatcher.emit(Odd { shown });
        Said::by(&report.failures()[0])
    };
    let long = said(Shows::Long);
    let text = long.payload.expect("a payload");
    assert!(text.starts_with("Odd { shown: nénéné"), "{text}");
    assert!(text.ends_with('…'), "{text}");
    assert!(text.len() <= 1024 + '…'.len_utf8(), "{}", text.len());
    assert!(long.envelope.is_ok(), "{:?}", long.envelope);

    let panics = said(Shows::Panics);
    let text = panics.payload.expect("a payload");
    assert!(text.ends_with("(its `Debug` panicked)"), "{text}");
    assert!(matches!(panics.envelope, Err(EncodeError::Panicked { .. })));

    let fails = said(Shows::Fails);
    assert!(fails.payload.is_some());
    // Whether such an event has redacted fields is not known, so the error says nothing of it.
    let error = fails.envelope.expect_err("no envelope");
    assert!(matches!(error, EncodeError::Serialize { .. }), "{error}");

    let unwritten = said(Shows::Unwritten);
    let error = unwritten.envelope.expect_err("no envelope");
    let EncodeError::Serialize { source, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(source.to_string(), "no form");
}

#[derive(Event, Debug)]
struct Again(u32);

#[handler]
fn go_on(event: &Again) -> Again {
    Again(event.0 + 1)
}

#[test]
fn an_event_that_was_not_emitted_is_named_with_what_it_descends_from() {
    let seen = Emitted::default();
    let dispatcher = Dispatcher::empty()
        .only(go_on)
        .depth_limit(3)
        .observe(seen.clone())
        .build()
        .expect("a dispatcher");
    let report = dispatcher.emit(Again(0));
    let [too_deep] = &report.failures() else {
        panic!("{report}")
    };
    let meta = too_deep.meta().expect("an identity");
    let emitted: Vec<_> = std::mem::take(&mut *seen.0.lock().expect("emitted"));
    assert_eq!(too_deep.payload(), Some("Again(4)"));
    assert_eq!((meta.depth(), meta.causation()), (4, Some(emitted[3].id())));
    assert_eq!(meta.correlation(), emitted[0].id());

    let _ = pollster::block_on(dispatcher.shutdown(Duration::from_mins(1)));
    let report = dispatcher.emit(Again(7));
    let [closed] = &report.failures() else {
        panic!("{report}")
    };
    assert_eq!(closed.payload(), Some("Again(7)"));
    assert!(closed.meta().is_some());
    let error = closed.envelope(&codec()).expect_err("it is not `wire`");
    assert!(matches!(error, EncodeError::NotWire { .. }), "{error}");
}

#[derive(Event)]
struct Burnt;

impl Drop for Burnt {
    fn drop(&mut self) {
        quiet_panic();
    }
}

#[test]
fn a_failure_that_does_not_know_its_event_says_so() {
    let report = Dispatcher::empty()
        .build()
        .expect("a dispatcher")
        .emit(Burnt);
    let [failure] = &report.failures() else {
        panic!("{report}")
    };
    assert_eq!((failure.meta(), failure.payload()), (None, None));
    let error = failure.envelope(&codec()).expect_err("no event");
    let text = error.to_string();
    assert!(
        text.contains("does not keep the `failures::Burnt`"),
        "{text}"
    );
}

/// An error with causes, of which some show their own.
#[derive(Debug)]
struct Why(&'static str, Option<Box<Why>>);

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Why {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1.as_deref().map(|source| source as _)
    }
}

fn why() -> Why {
    let refused = Why("connection refused", None);
    let network = Why("no network: connection refused", Some(Box::new(refused)));
    Why("cannot charge", Some(Box::new(network)))
}

#[handler]
fn charge(_event: &Paid) -> Result<(), Why> {
    Err(why())
}

#[handler]
fn charge_boxed(_event: &Paid) -> Result<(), event_core::BoxError> {
    Err(Box::new(why()))
}

#[handler]
fn charge_anyhow(_event: &Paid) -> anyhow::Result<()> {
    use anyhow::Context;
    Err(Why("connection refused", None))
        .context("no network")
        .context("cannot charge")
}

#[handler(queue = THREAD)]
fn charge_queued(_event: &Paid) -> anyhow::Result<()> {
    use anyhow::Context;
    Err(Why("connection refused", None))
        .context("no network")
        .context("cannot charge")
}

#[handler]
async fn charge_async(_event: &Paid) -> Result<(), Why> {
    Err(why())
}

#[test]
fn logs_failures_and_reports_show_the_causes_of_an_error_once_each() {
    let cases: [Case; 5] = [
        ("own", |it| it.only(charge)),
        ("boxed", |it| it.only(charge_boxed)),
        ("anyhow", |it| it.only(charge_anyhow)),
        ("queued", |it| it.only(charge_queued)),
        ("async", |it| it.only(charge_async)),
    ];
    for (case, choose) in cases {
        let (lines, _listening) = Lines::listen();
        let runtime = runtime();
        let heard = Heard::default();
        let dispatcher = choose(Dispatcher::empty())
            .runtime(runtime.handle().clone())
            .on_failure(heard.hook())
            .spans()
            .build()
            .expect("a dispatcher");
        let report = pollster::block_on(dispatcher.emit_async(paid(7)));
        runtime.block_on(quiet(&dispatcher));
        let mut texts: Vec<_> = heard.take().into_iter().map(|said| said.text).collect();
        for failure in report.failures() {
            texts.extend([
                failure.to_string(),
                format!("{failure:#}"),
                report.to_string(),
            ]);
        }
        texts.extend(
            lines
                .take_of(Level::ERROR)
                .iter()
                .map(|it| it.message().to_owned()),
        );
        assert!(texts.len() >= 2, "{case}: {texts:?}");
        for text in texts {
            let end = "`shop.paid`: cannot charge: no network: connection refused";
            assert!(text.ends_with(end), "{case}: {text}");
        }
    }
}

#[test]
fn what_try_emit_answers_shows_the_causes_once_however_it_is_shown() {
    let dispatcher = Dispatcher::empty()
        .only(charge_anyhow)
        .build()
        .expect("a dispatcher");
    let error = dispatcher.try_emit(paid(7)).expect_err("a failure");
    let shown = error.to_string();
    assert!(
        shown.ends_with("cannot charge: no network: connection refused"),
        "{shown}"
    );
    // As a reporter shows it, which walks along the sources.
    assert_eq!(format!("{:#}", anyhow::Error::from(error)), shown);
}
