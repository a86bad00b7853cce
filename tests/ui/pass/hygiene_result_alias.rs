//! A user's own `Result`, `Option`, `Some`, `None`, `Ok`, `Vec`, `Box` and `String`.

#![deny(warnings)]

use ::event_core::queue::LocalQueue;
use ::event_core::{Context, Dispatcher, Emitter, Event, handler};

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
#[event(handlers = 1..=9, stoppable, key = order_id)]
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
    _emitter: Emitter<(OrderPlaced,)>,
) -> Result<()> {
    assert!(event.order_id < *limit && missing.is_none());
    Answer::Ok(())
}

#[allow(dead_code)]
trait Future {}
#[allow(dead_code)]
trait Send {}
#[allow(dead_code)]
struct Arc;
#[allow(dead_code, non_camel_case_types)]
struct u64_;

#[handler(filter = is_small, timeout = "5s", retry(when = is_temporary))]
async fn later(
    event: &OrderPlaced,
    limit: &u64,
    missing: ::std::option::Option<&u8>,
    context: ::std::option::Option<Context<u8>>,
    _emitter: Emitter<(OrderPlaced,)>,
) -> Result<()> {
    assert!(event.order_id < *limit && missing.is_none() && context.is_none());
    Answer::Ok(())
}

fn is_temporary(_error: &::std::fmt::Error) -> bool {
    true
}

fn is_small(event: &OrderPlaced) -> bool {
    event.order_id < 9
}

static UI: LocalQueue<Option> = LocalQueue::new("ui");

#[handler(queue = UI, filter = is_small)]
fn shown(_event: &OrderPlaced, option: &mut Option, _limit: &u64) -> Result<()> {
    *option = None;
    Answer::Ok(())
}

fn main() {
    let builder = Dispatcher::builder().provide(9_u64).without(later);
    let dispatcher = builder.build().unwrap();
    assert_eq!(
        dispatcher
            .emit(OrderPlaced {
                order_id: 7,
                card: 1
            })
            .done(),
        1
    );
    let mut option = Some;
    assert_eq!(dispatcher.queue(&UI).expect("a handler names it").pump(&mut option), 1);
    assert!(matches!(option, None));
}
