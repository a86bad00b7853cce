#![allow(unused)]

use event_core::{Dispatcher, Event, handler};

trait Entity {
    type Id;
}

#[derive(Debug)]
struct User;

struct UserId(u64);

impl Entity for User {
    type Id = UserId;
}

#[derive(Event)]
struct Saved<E: Entity> {
    id: E::Id,
}

#[handler]
fn audit(event: &Saved<User>) {}

fn emit(dispatcher: &Dispatcher) {
    dispatcher.emit(Saved::<User> { id: UserId(7) });
}

fn main() {}
