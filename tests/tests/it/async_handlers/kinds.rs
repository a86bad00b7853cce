//! Catch-alls and methods that are async.

use std::sync::Arc;

use event_core::event::AnyEvent;
use event_core::{Dispatcher, Event, handler, handlers};
use event_tests::{Journal, idle};

use super::journal;

#[handler(events = "async_kinds.*")]
async fn catch_some(event: &dyn AnyEvent, journal: &Journal) {
    tokio::task::yield_now().await;
    journal.write(event.name());
}

#[derive(Event)]
#[event(name = "async_kinds.opened")]
struct Opened;

#[derive(Event)]
#[event(name = "async_kinds.closed")]
struct Closed;

#[handler]
async fn closes(_event: &Opened) -> Closed {
    Closed
}

#[tokio::test(start_paused = true)]
async fn an_async_catch_all_sees_each_event_of_a_cascade() {
    let (builder, journal) = journal(Dispatcher::empty().handler(catch_some).handler(closes));
    let dispatcher = builder.build().expect("wired");
    let report = dispatcher.emit_async(Opened).await;
    assert_eq!((report.done(), report.events()), (3, 2));
    assert_eq!(journal.take(), ["async_kinds.opened", "async_kinds.closed"]);
    assert_eq!(dispatcher.emit(Closed).handed_over(), 1);
    idle().await;
    assert_eq!(journal.take(), ["async_kinds.closed"]);
}

#[derive(Default)]
struct Mailer(Journal);

#[derive(Event)]
struct SignedUp;

#[handlers]
impl Mailer {
    #[handler(timeout = "1s")]
    async fn welcome(&self, _event: &SignedUp) -> Result<Welcomed, String> {
        tokio::task::yield_now().await;
        self.0.write("welcome");
        Ok(Welcomed)
    }
}

#[derive(Event)]
struct Welcomed;

#[tokio::test]
async fn an_async_method_is_a_handler() {
    let mailer = Arc::new(Mailer::default());
    let builder = Dispatcher::empty().handler(Mailer::welcome);
    let dispatcher = builder.provide_arc(mailer.clone()).build().expect("wired");
    let report = dispatcher.emit_async(SignedUp).await;
    assert_eq!(report.returned::<Welcomed>().count(), 1);
    assert_eq!(mailer.0.take(), ["welcome"]);
}
