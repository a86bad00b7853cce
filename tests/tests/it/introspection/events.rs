//! The events of a dispatcher, and which of them have handlers.

use std::sync::Arc;

use event_core::dispatcher::EventView;
use event_core::queue::LocalQueue;
use event_core::{AnyEvent, Dispatcher, Event, handler};
use serde::{Deserialize, Serialize};

event_core::module!();

static DESK: LocalQueue<()> = LocalQueue::new("introspection desk");

#[derive(Event, Serialize, Deserialize)]
#[event(name = "known.order_placed", version = 2, previous = OrderPlacedV1, wire)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "known.order_placed", version = 1, wire, superseded)]
struct OrderPlacedV1 {
    order: u64,
}

impl From<OrderPlacedV1> for OrderPlaced {
    fn from(older: OrderPlacedV1) -> Self {
        Self {
            order_id: older.order,
        }
    }
}

#[derive(Event)]
#[event(name = "known.order_shipped")]
struct OrderShipped;

#[derive(Event)]
#[event(name = "known.order_forgotten")]
struct OrderForgotten;

#[derive(Event)]
struct Changed<T> {
    _to: T,
}

#[handler]
fn count(_event: &OrderPlaced) {}

#[handler(queue = DESK)]
fn file(_event: &OrderShipped) {}

#[handler]
fn adapt(_event: &Changed<u8>) {}

#[handler(events = "known.order_placed")]
fn audit(_event: &dyn AnyEvent) {}

#[handler]
fn see_all(_event: &dyn AnyEvent) {}

fn build() -> Dispatcher {
    let builder = Dispatcher::builder()
        .only_modules([MODULE])
        .without(see_all);
    builder.build().expect("wired")
}

fn named<'d>(dispatcher: &'d Dispatcher, name: &str) -> Vec<EventView<'d>> {
    dispatcher
        .events()
        .filter(|event| event.name() == name)
        .collect()
}

#[test]
fn every_event_of_the_program_is_listed_by_name_and_says_whether_it_is_handled() {
    let dispatcher = build();
    let ours: Vec<_> = dispatcher
        .events()
        .filter(|event| event.name().starts_with("known."))
        .map(|event| (event.name(), event.has_handlers(), event.handlers().count()))
        .collect();
    assert_eq!(
        ours,
        [
            ("known.order_forgotten", false, 0),
            ("known.order_placed", true, 2),
            ("known.order_shipped", true, 1),
        ]
    );
    let names: Vec<_> = dispatcher.events().map(|event| event.name()).collect();
    assert!(names.is_sorted());
    // The events of other modules are listed, though this dispatcher has none of their handlers.
    assert!(names.contains(&"listed.order_placed"));
}

#[test]
fn an_older_version_is_not_listed() {
    let dispatcher = build();
    let listed = named(&dispatcher, "known.order_placed");
    let [event] = listed[..] else {
        panic!("{listed:?}")
    };
    assert_eq!(event.info().version(), 2);
}

#[test]
fn a_generic_event_is_listed_once_a_handler_or_a_subscription_names_it() {
    let dispatcher = build();
    let changed = |dispatcher: &Dispatcher| {
        let of_changed = |event: &EventView<'_>| event.name().contains("events::Changed<");
        dispatcher.events().filter(of_changed).count()
    };
    assert_eq!(changed(&dispatcher), 1);
    assert!(dispatcher.has_handlers::<Changed<u8>>());
    assert!(!dispatcher.has_handlers::<Changed<u16>>());

    let subscription = dispatcher.subscribe(|_: &Changed<u16>| {});
    assert_eq!(changed(&dispatcher), 2);
    assert!(dispatcher.has_handlers::<Changed<u16>>());
    drop(subscription);
    assert!(!dispatcher.has_handlers::<Changed<u16>>());
}

#[test]
fn a_catch_all_handles_events_that_the_build_did_not_know() {
    let builder = Dispatcher::builder().only_modules([MODULE]);
    let dispatcher = builder.build().expect("wired");
    let mut handlers = dispatcher.handlers_of::<Changed<u32>>();
    assert!(handlers.next().is_some_and(|handler| handler.is(see_all)));
    assert!(handlers.next().is_none());
}

#[test]
fn a_subscription_that_has_ended_is_no_handler() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let target = Arc::new(());
    let weak = dispatcher
        .subscription_builder()
        .weak(&target)
        .subscribe(|(): &(), _: &OrderShipped| {});
    let once = dispatcher
        .subscription_builder()
        .once()
        .subscribe(|_: &OrderForgotten| {});
    assert!(dispatcher.has_handlers::<OrderShipped>());
    assert!(dispatcher.has_handlers::<OrderForgotten>());

    drop(target);
    dispatcher.emit(OrderForgotten);
    assert!(!dispatcher.has_handlers::<OrderShipped>());
    assert_eq!(dispatcher.handlers_of::<OrderShipped>().count(), 0);
    assert!(!dispatcher.has_handlers::<OrderForgotten>());
    drop((weak, once));
}
