//! A crate without the prelude.

#![no_implicit_prelude]

use ::event_core::queue::{LocalQueue, Queue};
use ::event_core::{AnyEvent, Context, Dispatcher, Event, handler, handlers};

#[derive(Event)]
#[event(name = "shop.order_placed", handlers = 1..=9, stoppable, key = order_id)]
struct OrderPlaced {
    order_id: u64,
    #[event(redact)]
    card: u64,
}

#[derive(Event)]
enum Payment<T> {
    Card { number: T },
    Cash(u64),
    Nothing,
}

#[derive(Event, ::serde::Serialize, ::serde::Deserialize)]
#[event(name = "shop.sent", wire)]
struct Sent(#[event(redact)] u64);

fn is_small(event: &OrderPlaced) -> bool {
    event.order_id < 9 && event.card == 1
}

#[handler(filter = is_small, after = audit)]
fn check(_event: &OrderPlaced, _limit: &u64, _missing: ::std::option::Option<&u8>) -> Payment<u8> {
    let _ = (
        Payment::<u8>::Cash(3),
        Payment::Card { number: 7_u8 },
        Sent(1),
    );
    Payment::Nothing
}

#[handler(events = "shop.*")]
fn audit(_event: &dyn AnyEvent) -> ::std::result::Result<(), ::std::fmt::Error> {
    ::std::result::Result::Ok(())
}

#[handler]
fn all(_event: &dyn AnyEvent) {}

static MAIL: Queue = Queue::new("mail");

static UI: LocalQueue<u8> = LocalQueue::new("ui");

#[handler(filter = is_small, timeout = "5s", concurrency = 3)]
async fn asynchronous(
    _event: &OrderPlaced,
    _limit: &u64,
    _missing: ::std::option::Option<&u8>,
    _context: ::std::option::Option<Context<u8>>,
) -> Payment<u8> {
    Payment::Nothing
}

#[handler(queue = MAIL, retry(when = is_temporary, backoff = "1s..1m", ordered))]
async fn audit_later(_event: &dyn AnyEvent) -> ::std::result::Result<(), ::std::fmt::Error> {
    ::std::result::Result::Ok(())
}

fn is_temporary(_error: &::std::fmt::Error) -> bool {
    true
}

#[handler(queue = MAIL, retry(attempts = 2, when = is_temporary))]
fn queued_with_retry(_event: &OrderPlaced) -> ::std::result::Result<(), ::std::fmt::Error> {
    ::std::result::Result::Ok(())
}

#[handler(filter = is_small, queue = MAIL)]
fn queued(_event: &OrderPlaced, _limit: &u64) {}

#[handler(queue = UI)]
fn shown(_event: &OrderPlaced, _count: &mut u8, _limit: &u64) {}

struct Mailer;

#[handlers]
impl Mailer {
    #[handler]
    fn welcome(&self, _event: &OrderPlaced) {}

    #[handler]
    async fn welcome_later(&self, _event: &OrderPlaced) {}
}

mod listed {
    ::event_core::module!(handlers = [super::check]);
}

fn main() {
    let builder = Dispatcher::builder().provide(9_u64).provide(Mailer);
    let builder = builder.without(asynchronous).without(audit_later);
    let builder = builder.without(queued).without(queued_with_retry);
    let builder = builder.without(Mailer::welcome_later);
    let dispatcher = builder.module(listed::MODULE).build().unwrap();
    let report = dispatcher.emit(OrderPlaced {
        order_id: 7,
        card: 1,
    });
    ::std::assert!(report.is_ok());
}
