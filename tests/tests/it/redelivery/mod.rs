//! A failed delivery is delivered again, to its one handler.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::error::RedeliverError;
use event_core::observer::{DeliveryResult, DeliveryView, Observer};
use event_core::queue::Queue;
use event_core::report::Failure;
use event_core::{Dispatcher, Event, dispatcher::DispatcherBuilder, handler};
use event_tests::{Journal, quiet_panic, until_async};

mod delivered;
mod identity;
mod limits;
mod refused;

const LONG: Duration = Duration::from_mins(1);

static TASKS: Queue = Queue::new("redelivery tasks");
static THREADS: Queue = Queue::new("redelivery threads");

/// Fails in its first deliveries.
#[derive(Event)]
struct Paid {
    failures: AtomicU32,
    how: How,
}

/// How a delivery fails.
#[derive(Clone, Copy, Debug)]
enum How {
    Error,
    Panic,
    /// It has a timeout, if its handler is an `async fn` without a queue.
    Hang,
}

impl Paid {
    fn failing(failures: u32, how: How) -> Self {
        Self {
            failures: failures.into(),
            how,
        }
    }

    fn once() -> Self {
        Self::failing(1, How::Error)
    }

    /// Returns how this delivery fails; `None` if it is done.
    fn fails(&self, handler: &str, journal: &Journal) -> Option<How> {
        let left = |left: u32| left.checked_sub(1);
        let left = self
            .failures
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        let end = if left.is_ok() { "fails" } else { "done" };
        journal.write(format!("{handler} {end}"));
        left.is_ok().then_some(self.how)
    }
}

fn run(event: &Paid, handler: &str, journal: &Journal) -> Result<(), &'static str> {
    match event.fails(handler, journal) {
        None => Ok(()),
        Some(How::Panic) => quiet_panic(),
        Some(How::Error | How::Hang) => Err("no"),
    }
}

/// Waits once before it runs.
async fn run_later(event: &Paid, handler: &str, journal: &Journal) -> Result<(), &'static str> {
    tokio::task::yield_now().await;
    run(event, handler, journal)
}

#[handler(timeout = "20ms")]
async fn in_a_task(event: &Paid, journal: &Journal) -> Result<(), &'static str> {
    match event.fails("task", journal) {
        None => Ok(()),
        Some(How::Error) => Err("no"),
        Some(How::Panic) => quiet_panic(),
        Some(How::Hang) => std::future::pending().await,
    }
}

#[handler]
async fn at_once(event: &Paid, journal: &Journal) -> Result<(), &'static str> {
    run(event, "at once", journal)
}

#[handler]
async fn later(event: &Paid, journal: &Journal) -> Result<(), &'static str> {
    run_later(event, "later", journal).await
}

#[handler(queue = TASKS)]
async fn in_a_queue_of_tasks(event: &Paid, journal: &Journal) -> Result<(), &'static str> {
    run_later(event, "tasks", journal).await
}

#[handler(queue = THREADS)]
fn in_a_queue_of_threads(event: &Paid, journal: &Journal) -> Result<(), &'static str> {
    run(event, "threads", journal)
}

/// Another handler of the event, which is not told again.
#[handler]
async fn sibling(_event: &Paid, journal: &Journal) {
    journal.write("sibling");
}

#[handler]
fn inline_sibling(_event: &Paid, journal: &Journal) {
    journal.write("inline sibling");
}

type Redelivery = Pin<Box<dyn Future<Output = Result<(), RedeliverError>> + Send>>;

/// Keeps the redeliveries of the failures that a hook or an observer was told of, to run them later.
#[derive(Clone, Default)]
struct Redeliveries(Arc<Mutex<Vec<Redelivery>>>);

impl Redeliveries {
    fn keep(&self, failure: &Failure) {
        let redelivery = Box::pin(failure.redeliver());
        self.0.lock().expect("no test panics").push(redelivery);
    }

    fn hook(&self) -> impl Fn(&Failure) + Send + Sync + 'static {
        let this = self.clone();
        move |failure| this.keep(failure)
    }

    fn take(&self) -> Vec<Redelivery> {
        std::mem::take(&mut *self.0.lock().expect("no test panics"))
    }

    /// Waits for the next failures, and takes the only one.
    async fn next(&self) -> Redelivery {
        let mut all = Vec::new();
        until_async("a delivery fails", || {
            all = self.take();
            !all.is_empty()
        })
        .await;
        assert_eq!(all.len(), 1, "failures");
        all.remove(0)
    }
}

impl Observer for Redeliveries {
    fn delivery_ended(&self, _: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        if let Some(failure) = end.failure() {
            self.keep(failure);
        }
    }
}

/// A handler, with its name in the journal and how to add it to a builder.
type Case = (&'static str, fn(DispatcherBuilder) -> DispatcherBuilder);

const CASES: [Case; 5] = [
    ("task", |it| it.handler(in_a_task)),
    ("at once", |it| it.handler(at_once)),
    ("later", |it| it.handler(later)),
    ("tasks", |it| it.handler(in_a_queue_of_tasks)),
    ("threads", |it| it.handler(in_a_queue_of_threads)),
];

/// A dispatcher with the handler of a case, which writes to the journal.
fn built(
    case: Case,
    change: impl FnOnce(DispatcherBuilder) -> DispatcherBuilder,
) -> (Dispatcher, Arc<Journal>) {
    let journal = Arc::new(Journal::default());
    let builder = case.1(Dispatcher::empty()).provide_arc(journal.clone());
    (change(builder).build().expect("wired"), journal)
}
