//! A user's own `Result`, `Option`, `Some`, `None`, `Ok`, `Vec`, `Box` and `String`.

#![deny(warnings)]

use ::event_core::{Dispatcher, Emitter, Event, handler};

use ::std::result::Result as Answer;

type Result<T> = Answer<T, ::std::fmt::Error>;

#[allow(dead_code)]
enum Option {
    Some,
    None,
}

#[allow(unused_imports)]
use Option::{None, Some};

#[allow(dead_code, non_snake_case)]
fn Ok() {}

#[allow(dead_code)]
struct Vec;
#[allow(dead_code)]
struct Box;
#[allow(dead_code)]
struct String;
#[allow(dead_code)]
mod core {}
#[allow(dead_code)]
mod std {}
#[allow(dead_code)]
mod event_core {}

#[derive(Event)]
#[event(handlers = 1..=2, stoppable, key = order_id)]
struct OrderPlaced {
    order_id: u64,
    #[event(redact)]
    #[allow(dead_code)]
    card: u64,
}

#[handler]
fn check(
    event: &OrderPlaced,
    limit: &u64,
    missing: ::std::option::Option<&u8>,
    _emitter: Emitter<()>,
) -> Result<()> {
    assert!(event.order_id < *limit && missing.is_none());
    Answer::Ok(())
}

fn main() {
    let dispatcher = Dispatcher::builder().provide(9_u64).build().unwrap();
    assert_eq!(
        dispatcher
            .emit(OrderPlaced {
                order_id: 7,
                card: 1
            })
            .done(),
        1
    );
}
