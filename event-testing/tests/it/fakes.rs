//! Closures in the place of handlers, and events whose handlers do not run.

use std::sync::{Arc, Mutex};

use event_core::error::BuildError;
use event_core::handler::DeliveryKind;
use event_core::queue::{LocalQueue, Queue};
use event_core::{AnyEvent, Dispatcher, Event, handler};
use event_testing::{
    DispatcherExt as _, assert_emitted, assert_handled, assert_handles, assert_not_emitted,
};
use expect_test::expect;

use crate::failure::without_lines;

static MAIL: Queue = Queue::new("mail");
static UI: LocalQueue<String> = LocalQueue::new("ui");

#[derive(Event)]
struct Placed {
    id: u64,
}

#[derive(Event)]
struct Paid {
    id: u64,
}

#[derive(Event)]
struct Saved<T: Send + Sync + 'static>(#[event(redact)] T);

/// What the handlers take, and no test provides.
struct Bank;

#[handler(priority = 1)]
fn first(_event: &Placed, _bank: &Bank) {
    unreachable!("replaced");
}

#[handler(after = first)]
fn second(_event: &Placed, order: &Order) {
    order.note("second");
}

#[handler(timeout = "1h")]
async fn charge(_event: &Placed, _bank: &Bank) -> Paid {
    unreachable!("replaced")
}

#[handler(queue = MAIL, retry(attempts = 2, backoff = "1ms..1ms"))]
async fn send(_event: &Placed, _bank: &Bank) -> Result<(), String> {
    unreachable!("replaced")
}

#[handler(queue = MAIL)]
fn print(_event: &Placed, _bank: &Bank) {
    unreachable!("replaced")
}

#[handler(queue = UI)]
fn show(_event: &Placed, _title: &mut String, _bank: &Bank) {
    unreachable!("replaced")
}

#[handler]
fn ship(_event: &Paid, _bank: &Bank) {
    unreachable!("its event is faked")
}

#[handler]
fn audit(event: &dyn AnyEvent, order: &Order) {
    order.note(event.name().rsplit("::").next().unwrap_or_default());
}

fn no_handler(_event: &Placed) {}

/// What ran, in order.
#[derive(Clone, Default)]
struct Order(Arc<Mutex<Vec<String>>>);

impl Order {
    fn note(&self, what: &str) {
        self.0.lock().expect("not poisoned").push(what.to_owned());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("not poisoned"))
    }
}

#[test]
fn a_replacement_runs_in_the_place_of_its_handler_without_its_values() {
    let order = Order::default();
    let noted = order.clone();
    let builder = Dispatcher::empty().handler(second).handler(first);
    let dispatcher = builder
        .provide(order.clone())
        .replace(first, move |event: &Placed| {
            noted.note(&format!("replaced {}", event.id));
        })
        .build()
        .expect("no value is missing");
    assert_handles!(dispatcher, first, Placed);
    let rec = dispatcher.record();
    assert_eq!(dispatcher.emit(Placed { id: 7 }).done(), 2);
    assert_eq!(order.take(), ["replaced 7", "second"]);
    assert_handled!(rec, first, Done);
}

#[tokio::test]
async fn a_replacement_runs_where_its_handler_would_and_may_cause_and_fail() {
    let order = Order::default();
    let noting = |what: &'static str| {
        let order = order.clone();
        move |_: &Placed| order.note(what)
    };
    let failing = order.clone();
    let builder = Dispatcher::empty().handler(charge).handler(send);
    let dispatcher = builder
        .handler(print)
        .handler(show)
        .replace(charge, |event: &Placed| Some(Paid { id: event.id }))
        .replace(send, move |_: &Placed| {
            failing.note("sent");
            Err::<(), _>("the mailbox is full")
        })
        .replace(print, noting("printed first"))
        .replace(print, noting("printed"))
        .replace(show, noting("shown"))
        .build()
        .expect("no value is missing");
    let rec = dispatcher.record();
    let mut title = String::new();
    let mut kinds = dispatcher.handlers_of::<Placed>().map(|it| it.delivery());
    assert!(kinds.all(|kind| kind != DeliveryKind::Inline));
    let pump = dispatcher.queue(&UI).expect("a queue");
    dispatcher
        .track(async |d| {
            d.emit(Placed { id: 7 });
            pump.pump(&mut title);
        })
        .await;
    let mut ran = order.take();
    ran.sort();
    assert_eq!(ran, ["printed", "sent", "sent", "shown"]);
    let failed = assert_handled!(rec, send, Failed);
    assert_eq!(
        (failed.attempt(), failed.error()),
        (2, Some("the mailbox is full"))
    );
    assert_handled!(rec, charge, Done);
    assert_emitted!(rec, Paid { id: 7 });
}

#[test]
fn the_handlers_of_a_faked_event_do_not_run_and_it_is_recorded() {
    let order = Order::default();
    let builder = Dispatcher::empty()
        .handler(second)
        .handler(ship)
        .handler(audit);
    let dispatcher = builder
        .provide(order.clone())
        .replace(first, |_: &Placed| ())
        .handler(first)
        .fake::<Paid>()
        .fake::<Saved<u8>>()
        .build()
        .expect("no value is missing");
    let rec = dispatcher.record();
    let subscribing = dispatcher.subscribe({
        let order = order.clone();
        move |paid: &Paid| order.note(&format!("subscription {}", paid.id))
    });
    dispatcher.emit(Paid { id: 1 });
    dispatcher.emit(Saved(1_u8));
    assert!(!dispatcher.has_handlers::<Saved<u8>>());
    assert_eq!(order.take(), ["subscription 1"]);
    assert_emitted!(rec, Paid { id: 1 });
    assert_emitted!(rec, Saved<u8>);
    assert_not_emitted!(rec, Placed);
    dispatcher.emit(Saved("another event"));
    dispatcher.emit(Placed { id: 1 });
    assert_eq!(order.take(), ["Saved<&str>", "Placed", "second"]);
    drop(subscribing);
}

#[test]
fn a_mistake_in_what_is_replaced_is_a_problem_of_the_build() {
    let wrong = Dispatcher::empty()
        .handler(first)
        .handler(audit)
        .replace(first, |_: &Paid| ())
        .replace(audit, |_: &Paid| ())
        .replace(no_handler, |_: &Placed| ())
        .provide(Bank)
        .provide(Order::default())
        .build();
    let error: BuildError = wrong.expect_err("three mistakes");
    expect![[r#"
        the dispatcher cannot be built; 3 problems:

        `.replace(…)` names `it::fakes::first`, which handles `Placed`, and its closure takes `Paid`
          --> event-testing/tests/it/fakes.rs:_ it::fakes::first
          --> event-testing/tests/it/fakes.rs:_
          help: take that event: `|event: &Placed| …`

        `.replace(…)` names `it::fakes::audit`, which is a catch-all, and its closure takes `Paid`
          --> event-testing/tests/it/fakes.rs:_ it::fakes::audit
          --> event-testing/tests/it/fakes.rs:_
          help: leave it out with `.without(…)`, and subscribe to the events

        `.replace(…)` names `it::fakes::no_handler`, which is no handler
          --> event-testing/tests/it/fakes.rs:_
          help: add `#[handler]` to the function, or name another"#]]
    .assert_eq(&without_lines(&error.to_string()));
}
