//! What a failure, its line in the log and the hook say: which event failed, and why.
//! Apart from other tests, since `tracing` keeps for the whole process whether a subscriber wants a line.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "handlers take parameters by value and return what the test is about"
)]

mod causes;
mod dead_letters;
mod dispatchers;
mod identities;
#[path = "../common/lines.rs"]
mod lines;
mod payloads;
mod spans;

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::observer::{EmissionView, Observer};
use event_core::param::{Delivery, Param, Resolver};
use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::report::{DeliveryStatus, Failure};
use event_core::wire::EncodeError;
use event_core::{AnyEvent, Dispatcher, Event, Meta, dispatcher::DispatcherBuilder, handler};
use event_tests::{codec, quiet_panic};
use serde::{Deserialize, Serialize};

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
        ("inline", |it| it.handler(of::inline), nothing),
        ("inline_panics", |it| it.handler(of::inline_panics), nothing),
        (
            "inline_refused",
            |it| it.handler(of::inline_refused),
            nothing,
        ),
        ("catch_all", |it| it.handler(of::catch_all), nothing),
        (
            "catch_all_refused",
            |it| it.handler(of::catch_all_refused),
            nothing,
        ),
        ("ready", |it| it.handler(of::ready), nothing),
        ("awaits", |it| it.handler(of::awaits), nothing),
        ("panics", |it| it.handler(of::panics), nothing),
        ("refused", |it| it.handler(of::refused), nothing),
        (
            "takes_too_long",
            |it| it.handler(of::takes_too_long),
            nothing,
        ),
        (
            "catch_all_async",
            |it| it.handler(of::catch_all_async),
            nothing,
        ),
        ("thread", |it| it.handler(of::thread), nothing),
        ("thread_panics", |it| it.handler(of::thread_panics), nothing),
        ("task", |it| it.handler(of::task), nothing),
        ("task_panics", |it| it.handler(of::task_panics), nothing),
        ("local", |it| it.handler(of::local), nothing),
        ("lent", |it| it.handler(of::lent), nothing),
        ("lent_refused", |it| it.handler(of::lent_refused), nothing),
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
    ended: Option<DeliveryStatus>,
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
    fn emission_started(&self, emission: &EmissionView<'_>) {
        self.0
            .lock()
            .expect("emitted")
            .push(emission.meta().clone());
    }
}

/// Lets everything end that is under way.
async fn quiet(dispatcher: &Dispatcher) {
    if let Ok(local) = dispatcher.queue(&LOCAL) {
        while local.pump(&mut 0) > 0 {}
    }
    let shutdown = dispatcher.shutdown(Duration::from_mins(1)).await;
    assert_eq!(shutdown.abandoned_count(), 0, "{shutdown:?}");
}

static FULL: Queue = Queue::new("full")
    .consumers(1)
    .capacity(1)
    .overflow(Overflow::Reject);
