//! The good twins of `retry_on_a_plain_handler`, `retry_of_one_attempt`, `retry_backoff_of_one_duration`,
//! `retry_when_of_another_error` and their kind: every form of a handler with `retry`.

use std::fmt;

use event_core::error::BoxError;
use event_core::queue::{Overflow, Queue};
use event_core::{AnyEvent, Dispatcher, Event, handler, handlers};

#[derive(Event)]
#[event(key = order_id)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
struct Notified;

#[derive(Debug)]
struct HttpError(u16);

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.0)
    }
}

impl std::error::Error for HttpError {}

impl HttpError {
    fn is_temporary(&self) -> bool {
        self.0 >= 500
    }
}

type Answer<T, E = HttpError> = std::result::Result<T, E>;

static MAIL: Queue = Queue::new("mail").overflow(Overflow::Reject);

mod rules {
    pub fn any<E: std::error::Error>(_error: &E) -> bool {
        true
    }

    pub fn all<E: ?Sized>(_error: &E) -> bool {
        true
    }
}

fn is_temporary(error: &BoxError) -> bool {
    error.downcast_ref().is_none_or(HttpError::is_temporary)
}

#[handler(retry)]
async fn with_defaults(_event: &OrderPlaced) {}

#[handler(retry())]
async fn with_no_keys(_event: &OrderPlaced) -> Result<(), &'static str> {
    Ok(())
}

#[handler(queue = MAIL, retry)]
fn queued(_event: &OrderPlaced) -> Option<Notified> {
    None
}

#[handler(
    queue = MAIL,
    timeout = "5s",
    retry(ordered, when = HttpError::is_temporary, backoff = "100 ms .. 1m 30s", attempts = 4294967295,)
)]
async fn with_every_key(_event: &OrderPlaced) -> Answer<Notified> {
    Ok(Notified)
}

#[handler(retry(attempts = 2), concurrency = 2, filter = is_seven)]
async fn with_two_attempts(event: &OrderPlaced) -> Result<(), BoxError> {
    assert!(is_seven(event));
    Ok(())
}

fn is_seven(event: &OrderPlaced) -> bool {
    event.order_id == 7
}

#[handler(retry(when = is_temporary, backoff = "1s..1s"))]
async fn with_a_boxed_error<'a>(_event: &'a OrderPlaced) -> Result<Option<Notified>, BoxError> {
    Ok(None)
}

#[handler(queue = self::MAIL, retry(when = rules::any))]
fn with_a_generic_condition(_event: &OrderPlaced) -> Answer<(), fmt::Error> {
    Ok(())
}

#[handler(queue = MAIL, retry(when = rules::all::<&'static str>))]
fn with_a_borrowed_error(_event: &OrderPlaced) -> Result<(), &'static str> {
    Ok(())
}

#[handler(queue = MAIL, filter = is_any, retry(when = HttpError::is_temporary))]
fn queued_catch_all(_event: &dyn AnyEvent) -> Result<(), HttpError> {
    Ok(())
}

#[handler(retry(when = HttpError::is_temporary))]
async fn async_catch_all(_event: &dyn AnyEvent) -> Answer<()> {
    Ok(())
}

fn is_any(_event: &dyn AnyEvent) -> bool {
    true
}

struct Mailer;

#[handlers]
impl Mailer {
    #[handler(retry(when = Self::is_temporary))]
    async fn method(&self, _event: &OrderPlaced) -> Result<(), String> {
        Ok(())
    }

    #[handler(queue = MAIL, retry(when = Self::is_temporary, ordered))]
    async fn queued_async_method(&self, _event: &OrderPlaced) -> Result<(), String> {
        Ok(())
    }

    #[handler(queue = MAIL, retry(when = Mailer::is_temporary))]
    fn queued_method(&self, _event: &OrderPlaced) -> Result<Vec<Notified>, String> {
        Ok(Vec::new())
    }

    fn is_temporary(error: &String) -> bool {
        error == "busy"
    }
}

macro_rules! with_a_condition {
    ($name:ident, $condition:path) => {
        #[handler(retry(attempts = 3, when = $condition))]
        async fn $name(_event: &OrderPlaced) -> Result<(), HttpError> {
            Ok(())
        }
    };
}

with_a_condition!(from_a_macro, HttpError::is_temporary);

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let builder = Dispatcher::builder().runtime(runtime.handle().clone());
    let dispatcher = builder.provide(Mailer).build().unwrap();
    let report =
        runtime.block_on(async { dispatcher.emit_async(OrderPlaced { order_id: 7 }).await });
    assert!(report.is_ok(), "{report:?}");
}
