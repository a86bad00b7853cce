//! Events with a field of an associated type of their parameter.

#![deny(warnings)]

use event_core::{AnyEvent, Dispatcher, Event, handler};

trait Entity {
    type Id;
    type Secret;
}

#[derive(Debug)]
struct User;

/// Neither `Debug` nor anything else.
struct Password;

impl Entity for User {
    type Id = u64;
    type Secret = Password;
}

#[derive(Event)]
struct Saved<E: Entity> {
    entity: E,
    id: E::Id,
    earlier: Vec<(<E as Entity>::Id, bool)>,
    #[event(redact)]
    secret: E::Secret,
}

#[derive(Event)]
#[event(key = 0)]
struct Removed<E: Entity>(E::Id)
where
    E::Id: std::hash::Hash;

#[handler]
fn remove(event: &Saved<User>) -> Removed<User> {
    Removed(event.id)
}

fn main() {
    let saved = || Saved {
        entity: User,
        id: 7,
        earlier: vec![(6, true)],
        secret: Password,
    };
    assert_eq!(
        format!("{:?}", &saved() as &dyn AnyEvent),
        "Saved { entity: User, id: 7, earlier: [(6, true)], secret: [redacted] }"
    );
    let dispatcher = Dispatcher::builder().build().unwrap();
    assert_eq!(dispatcher.emit(saved()).events(), 2);
}
