//! Handlers that take the handle of the dispatcher that calls them.

use std::sync::Arc;
use std::time::Duration;

use event_core::dispatcher::{DispatcherBuilder, DispatcherHandle};
use event_core::error::EmitError;
use event_core::queue::{LocalQueue, Queue};
use event_core::{AnyEvent, Dispatcher, Event, handler};
use event_tests::{Journal, runtime};

static LINE: Queue = Queue::new("handle line");
static DESK: LocalQueue<Vec<DispatcherHandle>> = LocalQueue::new("handle desk");

#[derive(Event)]
#[event(name = "handle.opened")]
struct Opened;

#[derive(Event)]
struct Noted(&'static str);

fn name_of(dispatcher: &DispatcherHandle) -> Option<String> {
    Some(dispatcher.get().ok()?.name()?.to_owned())
}

fn note(journal: &Journal, handler: &str, dispatcher: &DispatcherHandle) {
    journal.write(format!("{handler}: {:?}", name_of(dispatcher)));
}

#[handler]
fn inline(_event: &Opened, dispatcher: DispatcherHandle, journal: &Journal) {
    note(journal, "inline", &dispatcher);
    let report = dispatcher.emit(Noted("inline")).expect("it is alive");
    assert_eq!(report.done(), 1);
}

#[handler]
async fn later(_event: &Opened, dispatcher: DispatcherHandle, journal: &Journal) {
    tokio::task::yield_now().await;
    note(journal, "later", &dispatcher);
}

#[handler(queue = LINE)]
fn queued(_event: &Opened, journal: &Journal, dispatcher: DispatcherHandle) {
    note(journal, "queued", &dispatcher);
}

#[handler(queue = DESK)]
fn lent(_event: &Opened, desk: &mut Vec<DispatcherHandle>, dispatcher: DispatcherHandle) {
    desk.push(dispatcher);
}

#[handler(events = "handle.*")]
fn any(_event: &dyn AnyEvent, dispatcher: DispatcherHandle, journal: &Journal) {
    note(journal, "any", &dispatcher);
}

#[handler]
fn on_noted(event: &Noted, journal: &Journal) {
    journal.write(format!("noted {}", event.0));
}

fn builder(name: &str, journal: &Arc<Journal>) -> DispatcherBuilder {
    let builder = Dispatcher::empty().handler(inline).handler(later);
    let builder = builder.handler(queued).handler(lent).handler(any);
    let builder = builder.handler(on_noted).name(name);
    builder.provide_arc(journal.clone())
}

#[test]
fn a_handler_takes_the_handle_of_its_own_dispatcher_and_nobody_provides_it() {
    let runtime = runtime();
    let journal = Arc::new(Journal::default());
    let build = |name| {
        let builder = builder(name, &journal).runtime(runtime.handle().clone());
        builder.build().expect("nothing is missing")
    };
    for (name, other) in [("north", "south"), ("south", "north")] {
        let (dispatcher, _other) = (build(name), build(other));
        let report = runtime.block_on(dispatcher.emit_async(Opened).into_future());
        assert!(report.is_ok(), "{report}");
        let desk = dispatcher.queue(&DESK).expect("a handler names it");
        let mut handles = Vec::new();
        assert_eq!(desk.pump(&mut handles), 1);
        assert_eq!(name_of(&handles[0]).as_deref(), Some(name));
        let shutdown = dispatcher.shutdown(Duration::from_mins(1));
        assert!(shutdown.blocking().is_complete());
        let mut lines = journal.take();
        lines.sort_unstable();
        let mut expected: Vec<_> = ["any", "inline", "later", "queued"]
            .map(|handler| format!("{handler}: {:?}", Some(name)))
            .into();
        expected.insert(3, "noted inline".to_owned());
        assert_eq!(lines, expected);
    }
}

#[test]
fn a_handle_that_a_handler_keeps_does_not_keep_its_dispatcher_alive() {
    let builder = Dispatcher::empty().handler(lent);
    let dispatcher = builder.build().expect("nothing is missing");
    dispatcher.emit(Opened);
    let mut handles = Vec::new();
    let desk = dispatcher.queue(&DESK).expect("a handler names it");
    assert_eq!(desk.pump(&mut handles), 1);
    assert!(handles[0].get().is_ok());
    drop(dispatcher);
    assert!(matches!(handles[0].emit(Opened), Err(EmitError::Gone)));
}

#[handler]
fn by_reference(_event: &Noted, _dispatcher: &DispatcherHandle) {}

#[handler]
fn of_the_dispatcher(_event: &Noted, _dispatcher: &Dispatcher) {}

#[test]
fn a_handle_by_reference_that_was_not_provided_is_said_to_be_taken_by_value() {
    let handle = Dispatcher::empty().handler(by_reference).build();
    let itself = Dispatcher::empty().handler(of_the_dispatcher).build();
    for (built, help) in [
        (handle, "take it by value, as `DispatcherHandle`"),
        (itself, "take a `DispatcherHandle` by value"),
    ] {
        let error = built.expect_err("a handle is missing").to_string();
        assert!(error.contains(help), "{error}");
    }
    let other = Dispatcher::empty().build().expect("nothing to wire");
    let builder = Dispatcher::empty()
        .handler(by_reference)
        .provide(other.handle());
    let dispatcher = builder.build().expect("a handle of another was provided");
    assert_eq!(dispatcher.emit(Noted("")).done(), 1);
}
