//! Handlers of every event, and of those whose names match.

use std::sync::Arc;

use event_core::event::Redacted;
use event_core::{AnyEvent, Dispatcher, Event, handler};
use event_tests::Journal;
use serde::{Deserialize, Serialize};

event_core::module!();

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", version = 3, no_previous, wire)]
struct OrderPlaced {
    order_id: u64,
    #[event(redact)]
    #[serde(rename = "mail")]
    email: String,
    card: Redacted<String>,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.stock.reserved", wire)]
struct StockReserved;

#[derive(Event)]
#[event(name = "bank.paid")]
struct Paid;

#[derive(Event)]
struct Unnamed;

#[derive(Event)]
struct Generic<T> {
    _value: T,
}

#[handler]
fn a_everything(event: &dyn AnyEvent, journal: &Journal) {
    journal.write(format!("everything {} {event:?}", event.name()));
}

#[handler(events = "shop.*")]
fn b_shop(event: &dyn AnyEvent, journal: &Journal) -> Result<(), event_core::event::JsonError> {
    journal.write(format!("shop {}", event.json()?));
    Ok(())
}

#[handler(events = "shop.**")]
fn c_shop_and_below(event: &dyn AnyEvent, journal: &Journal) {
    journal.write(format!("below {} v{}", event.name(), event.version()));
}

#[handler(events = "bank.paid")]
fn d_bank(event: &dyn AnyEvent) -> Result<(), event_core::event::JsonError> {
    event.json().map(drop)
}

#[handler(priority = 5)]
fn e_typed(event: &OrderPlaced, journal: &Journal) -> StockReserved {
    journal.write(format!("typed {}", event.order_id));
    StockReserved
}

fn build() -> (Dispatcher, Arc<Journal>) {
    let journal = Arc::new(Journal::default());
    let dispatcher = Dispatcher::builder()
        .only_modules([MODULE])
        .provide_arc(journal.clone())
        .build()
        .expect("wired");
    (dispatcher, journal)
}

#[test]
fn a_catch_all_sees_what_its_pattern_matches_and_redacted_values_are_masked() {
    let (dispatcher, journal) = build();
    dispatcher.emit(OrderPlaced {
        order_id: 7,
        email: "ada@example.org".to_owned(),
        card: Redacted::new("4111".to_owned()),
    });
    let masked = "OrderPlaced { order_id: 7, email: [redacted], card: [redacted] }";
    assert_eq!(
        journal.take(),
        [
            format!("everything shop.order_placed {masked}").as_str(),
            r#"shop {"card":"[redacted]","mail":"[redacted]","order_id":7}"#,
            "below shop.order_placed v3",
            "typed 7",
            "everything shop.stock.reserved StockReserved",
            "below shop.stock.reserved v1",
        ],
    );
}

#[test]
fn a_catch_all_without_a_pattern_sees_unnamed_and_generic_events_too() {
    let (dispatcher, journal) = build();
    dispatcher.emit(Unnamed);
    dispatcher.emit(Generic { _value: 3_u8 });
    dispatcher.emit(Generic { _value: "x" });
    assert_eq!(
        journal.take(),
        [
            "everything it::catch_all::Unnamed Unnamed",
            "everything it::catch_all::Generic<u8> Generic { _value: 3 }",
            "everything it::catch_all::Generic<&str> Generic { _value: \"x\" }",
        ],
    );
}

#[test]
fn an_event_that_is_not_wire_says_how_to_give_it_json() {
    let (dispatcher, _) = build();
    let report = dispatcher.emit(Paid);
    assert_eq!(
        report.failures()[0]
            .error()
            .map(ToString::to_string)
            .as_deref(),
        Some("`bank.paid` has no JSON form; add `#[event(wire)]` and the serde derives to it"),
    );
}

#[test]
fn serializing_an_event_for_a_store_keeps_the_raw_values() {
    let event = OrderPlaced {
        order_id: 7,
        email: "ada@example.org".to_owned(),
        card: Redacted::new("4111".to_owned()),
    };
    assert_eq!(
        serde_json::to_string(&event).expect("it serializes"),
        r#"{"order_id":7,"mail":"ada@example.org","card":"4111"}"#,
    );
}
