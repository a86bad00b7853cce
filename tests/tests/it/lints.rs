//! Handlers under the lints that a strict user turns on. `cargo xtask ci` runs clippy over this file; a lint
//! that is about the form of a handler cannot be followed by its author.

#![deny(clippy::all, clippy::pedantic, clippy::nursery)]

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use event_core::queue::{LocalQueue, Queue};
use event_core::{AnyEvent, Context, Dispatcher, Emitter, Event, Meta, handler, handlers};

event_core::module!();

/// As small as a number, so that clippy would take it by value.
#[derive(Event, Debug, Clone, Copy)]
#[event(name = "lints.small", stoppable)]
struct Small(u8);

#[derive(Event, Debug)]
struct Caused(String);

/// Small, too.
#[derive(Debug, Clone, Copy)]
struct Limit(u8);

struct Tenant(u8);

trait Clock: Send + Sync {
    fn now(&self) -> u64;
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> u64 {
        0
    }
}

static QUEUE: Queue = Queue::new("lints");
static LENT: LocalQueue<Vec<u8>> = LocalQueue::new("lints.lent");
static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn saw(what: impl Into<String>) {
    SEEN.lock().expect("no test panics").push(what.into());
}

#[handler]
fn takes_what_is_made_for_it(
    event: &Small,
    emitter: Emitter<Caused>,
    meta: Meta,
    tenant: Option<Context<Tenant>>,
) {
    assert_eq!(meta.depth(), 0);
    assert!(tenant.is_none_or(|tenant| tenant.0 == 3));
    emitter.emit_after(Caused(event.0.to_string()));
}

#[handler]
fn takes_what_was_provided(
    event: &Small,
    limit: &Limit,
    list: &Vec<u8>,
    map: &HashMap<u8, u8>,
    set: &HashSet<u8>,
    boxed: &Box<dyn Clock>,
    option: &Option<String>,
) -> ControlFlow<()> {
    saw(format!("{} {} {}", event.0, limit.0, boxed.now()));
    saw(format!(
        "{} {} {} {option:?}",
        list.len(),
        map.len(),
        set.len()
    ));
    ControlFlow::Continue(())
}

#[handler]
fn takes_a_text_and_a_path(event: &Caused, text: &String, path: &PathBuf, shared: &Arc<str>) {
    saw(format!("{} {} {}", text.len(), path.display(), event.0));
    saw(&**shared);
}

#[handler]
fn takes_what_may_be_missing(event: &Small, limit: Option<&Limit>, clock: Option<&dyn Clock>) {
    saw(format!(
        "{} {} {}",
        event.0,
        limit.is_some(),
        clock.is_some()
    ));
}

#[handler(events = "lints.*")]
fn takes_every_event(event: &dyn AnyEvent, limit: &Limit, meta: Meta) {
    saw(format!("{event:?} {} {}", limit.0, meta.depth()));
}

#[handler]
async fn runs_as_a_task(event: &Small, limit: &Limit, list: &Vec<u8>, meta: Meta) {
    saw(format!(
        "{} {} {} {}",
        event.0,
        limit.0,
        list.len(),
        meta.depth()
    ));
}

#[handler(queue = QUEUE)]
async fn runs_as_a_task_of_a_queue(event: &Small) {
    saw(event.0.to_string());
}

#[handler(queue = LENT)]
fn is_lent_something(event: &Small, lent: &mut Vec<u8>, emitter: Emitter<Caused>) {
    saw(format!("{} {}", event.0, lent.len()));
    emitter.emit_after(Caused(String::new()));
}

#[handlers]
impl Limit {
    #[handler]
    fn takes_itself(&self, event: &Small, emitter: Emitter<Caused>) {
        emitter.emit_after(Caused((self.0 + event.0).to_string()));
    }

    #[handler]
    async fn takes_itself_into_a_task(&self, event: &Small, meta: Meta) {
        saw(format!("{} {} {}", self.0, event.0, meta.depth()));
    }
}

#[tokio::test]
async fn handlers_of_every_form_run() {
    let dispatcher = Dispatcher::builder()
        .only_modules([MODULE])
        .provide(Limit(1))
        .provide(vec![1_u8])
        .provide(HashMap::from([(1_u8, 1_u8)]))
        .provide(HashSet::from([1_u8]))
        .provide::<Box<dyn Clock>>(Box::new(Stopped))
        .provide(Some(String::new()))
        .provide(String::from("text"))
        .provide(PathBuf::from("a/path"))
        .provide(Arc::<str>::from("shared"))
        .build()
        .expect("a dispatcher");
    let report = dispatcher.emit_async(Small(3)).await;
    assert_eq!(report.failures().len(), 0, "{report}");
    // Two for the queues; two events are caused.
    assert_eq!((report.events(), report.handed_over()), (3, 2));
    dispatcher
        .queue(&QUEUE)
        .expect("a handler names it")
        .join()
        .await;
    assert_eq!(
        dispatcher
            .queue(&LENT)
            .expect("a handler names it")
            .pump(&mut vec![1]),
        1
    );
    assert!(!SEEN.lock().expect("no test panics").is_empty());
}
