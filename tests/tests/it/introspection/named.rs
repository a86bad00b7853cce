//! What a dispatcher says of itself, and its name.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::queue::LocalQueue;
use event_core::{AnyEvent, Dispatcher, Event, handler};
use event_tests::quiet_panic;

event_core::module!();

static DESK: LocalQueue<()> = LocalQueue::new("named desk");

#[derive(Event)]
#[event(name = "named.order_placed")]
struct OrderPlaced;

#[derive(Event)]
struct OrderShipped;

#[handler]
fn count(_event: &OrderPlaced) -> Result<(), &'static str> {
    Err("out of stock")
}

#[handler(queue = DESK)]
fn file(_event: &OrderShipped) {
    quiet_panic();
}

#[handler]
fn see_all(_event: &dyn AnyEvent) {}

#[test]
fn the_debug_of_a_dispatcher_shows_what_it_has_and_whether_it_is_closed() {
    let builder = Dispatcher::builder().only_modules([MODULE]).name("orders");
    assert_eq!(
        format!("{builder:?}"),
        r#"DispatcherBuilder { name: Some("orders"), .. }"#
    );
    let dispatcher = builder.build().expect("wired");
    let events = dispatcher.events().count();
    let subscription = dispatcher.subscribe(|_: &OrderPlaced| {});
    let over = dispatcher.subscription_builder().once();
    let over = over.subscribe(|_: &OrderShipped| {});
    dispatcher.emit(OrderShipped);
    // A catch-all is one handler, whatever the number of its events.
    assert_eq!(
        format!("{dispatcher:?}"),
        format!(
            "Dispatcher {{ name: \"orders\", events: {events}, handlers: 3, queues: [\"named desk\"], \
             subscriptions: 1, closed: false }}"
        )
    );

    drop(subscription);
    let shutdown = dispatcher.shutdown(Duration::ZERO).blocking();
    assert!(!shutdown.is_complete(), "nobody pumps");
    let debug = format!("{dispatcher:?}");
    assert!(
        debug.ends_with("subscriptions: 0, closed: true }"),
        "{debug}"
    );
    drop(over);
}

#[test]
fn a_failure_names_the_dispatcher_that_has_a_name() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hook = heard.clone();
    let builder = Dispatcher::builder().only_modules([MODULE]).name("orders");
    let builder = builder.on_failure(move |failure| {
        let heard = (failure.dispatcher().map(str::to_owned), failure.to_string());
        hook.lock().expect("the hook does not panic").push(heard);
    });
    let dispatcher = builder.build().expect("wired");
    assert_eq!(dispatcher.name(), Some("orders"));

    let report = dispatcher.emit(OrderPlaced);
    let [failure] = report.failures() else {
        panic!("{report:?}")
    };
    assert_eq!(failure.dispatcher(), Some("orders"));
    let text = failure.to_string();
    assert!(
        text.starts_with("in dispatcher `orders`: handler it::"),
        "{text}"
    );
    assert!(format!("{failure:?}").starts_with(r#"Failure { dispatcher: "orders", event: "#));

    dispatcher.emit(OrderShipped);
    dispatcher.queue(&DESK).expect("a handler").pump(&mut ());
    let cancelled = dispatcher.emit_async(OrderPlaced);
    drop(cancelled);
    let heard = std::mem::take(&mut *heard.lock().expect("the hook does not panic"));
    let [(name, text)] = &heard[..] else {
        panic!("{heard:?}")
    };
    assert_eq!(name.as_deref(), Some("orders"));
    assert!(
        text.starts_with("in dispatcher `orders`: handler it::"),
        "{text}"
    );

    let _ = dispatcher.shutdown(Duration::ZERO).blocking();
    let refused = dispatcher.emit(OrderPlaced);
    assert_eq!(
        refused.failures()[0].to_string(),
        "in dispatcher `orders`: `named.order_placed` was not emitted: the dispatcher is closed"
    );
}

#[test]
fn a_dispatcher_without_a_name_is_named_nowhere() {
    let builder = Dispatcher::builder().only_modules([MODULE]);
    let dispatcher = builder.build().expect("wired");
    assert_eq!(dispatcher.name(), None);
    let report = dispatcher.emit(OrderPlaced);
    let failure = &report.failures()[0];
    assert_eq!(failure.dispatcher(), None);
    assert!(failure.to_string().starts_with("handler it::"));
    assert!(!format!("{failure:?} {dispatcher:?}").contains("name: "));
}
