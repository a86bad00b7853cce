//! The good twins of `key_without_hash` and `key_of_a_generic_event_without_hash`: what a key can be.

use std::hash::Hash;

use event_core::Event;

#[derive(Debug, PartialEq, Eq, Hash)]
struct OrderId(u64);

#[derive(Event)]
#[event(key = order_id)]
struct OrderPlaced {
    order_id: OrderId,
    _weight: f64,
}

#[derive(Event)]
#[event(key = 1)]
struct Moved(f64, (Option<String>, [u8; 2]));

#[derive(Event)]
#[event(key = 0)]
struct PostSave<T: Hash>(T);

#[derive(Event)]
#[event(key = r#type)]
struct Raw {
    r#type: std::sync::Arc<str>,
}

#[derive(Event)]
struct NoKey;

fn order(id: u64) -> OrderPlaced {
    OrderPlaced {
        order_id: OrderId(id),
        _weight: 0.5,
    }
}

fn main() {
    assert!(order(1).lane().is_some());
    assert_eq!(order(1).lane(), order(1).lane());
    assert_ne!(order(1).lane(), order(2).lane());
    let moved = Moved(0.0, (None, [1, 2]));
    assert_ne!(moved.lane(), None);
    assert_ne!(PostSave(7).lane(), None);
    assert_ne!(Raw { r#type: "a".into() }.lane(), None);
    assert_eq!(NoKey.lane(), None);
}
