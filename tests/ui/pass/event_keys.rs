//! The good twins of the keys of `#[event]`: values of every accepted form.

use event_core::{Event, event::Cardinality};

#[derive(Event)]
#[event(name = "shop.order_placed", version = 2, key = order_id)]
#[event(handlers = 0.., stoppable)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
#[event(handlers = 0)]
struct Exactly;

#[derive(Event)]
#[event(handlers = 0..=3, crate = event_core)]
struct UpToThree;

#[derive(Event)]
#[event(handlers = 0..4)]
struct UnderFour;

#[derive(Event)]
#[event(handlers = ..=3, key = 0)]
struct Tuple(u64);

#[derive(Event)]
#[event(name = "a.b_1.c2", key = r#type)]
struct Raw {
    r#type: String,
}

#[derive(Event)]
enum Payment {
    Card { number: String },
    Cash(u64),
    None,
}

#[derive(Event)]
enum Never {}

fn main() {
    let info = OrderPlaced::INFO;
    assert_eq!((info.name(), info.version()), ("shop.order_placed", 2));
    assert_eq!((info.key(), info.is_stoppable()), (Some("order_id"), true));
    assert_eq!(info.handlers(), Cardinality { min: 0, max: None });
    assert_eq!(Exactly::INFO.handlers().max, Some(0));
    assert_eq!(UpToThree::INFO.handlers(), UnderFour::INFO.handlers());
    assert_eq!(Tuple::INFO.handlers().max, Some(3));
    assert_eq!(
        (Tuple::INFO.key(), Raw::INFO.key()),
        (Some("0"), Some("type"))
    );
    let events = [
        Payment::Card {
            number: String::new(),
        },
        Payment::Cash(3),
        Payment::None,
    ];
    let shown: Vec<String> = events
        .iter()
        .map(|event| format!("{:?}", event as &dyn event_core::AnyEvent))
        .collect();
    assert_eq!(shown, ["Card { number: \"\" }", "Cash(3)", "None"]);
    let _ = |never: Never| never;
}
