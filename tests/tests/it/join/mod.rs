//! The wait for a whole dispatcher, which stays open.

use std::sync::Arc;
use std::time::Duration;

use event_core::dispatcher::{DispatcherBuilder, JoinError};
use event_core::error::BoxError;
use event_core::queue::{LocalQueue, Queue};
use event_core::retry::RetryAfter;
use event_core::{Dispatcher, Event, Meta, handler};
use event_tests::{Gate, Journal, short};
use tokio::runtime::Runtime;

mod awaited;
mod limit;

/// Longer than a test runs.
const LONG: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

static TASKS: Queue = Queue::new("join tasks");
static THREADS: Queue = Queue::new("join threads");
static NARROW: Queue = Queue::new("join narrow").capacity(1);
static UI: LocalQueue<()> = LocalQueue::new("join ui");

#[derive(Event)]
struct Placed;

#[derive(Event)]
struct Packed;

#[derive(Event)]
struct Shipped;

#[derive(Event)]
struct Billed;

#[handler(queue = TASKS)]
async fn pack(_event: &Placed, gate: &Gate) -> Packed {
    gate.pass().await;
    Packed
}

#[handler]
async fn ship(_event: &Packed) -> Shipped {
    tokio::task::yield_now().await;
    Shipped
}

#[handler(queue = THREADS)]
fn bill(_event: &Shipped, journal: &Journal) -> Billed {
    journal.write("billed");
    Billed
}

#[handler(queue = TASKS)]
async fn archive(_event: &Billed, journal: &Journal) {
    journal.write("archived");
}

/// The first attempt fails, and the next one is due in an hour.
#[derive(Event)]
struct Paid;

fn attempt(meta: &Meta, journal: &Journal) -> Result<(), BoxError> {
    journal.write(format!("attempt {}", meta.attempt()));
    match meta.attempt() {
        1 => Err(RetryAfter::new(HOUR, "busy").into()),
        _ => Ok(()),
    }
}

#[handler(queue = TASKS, retry)]
async fn book(_event: &Paid, meta: Meta, journal: &Journal) -> Result<(), BoxError> {
    attempt(&meta, journal)
}

#[handler(retry)]
async fn thank(_event: &Paid, meta: Meta, journal: &Journal) -> Result<(), BoxError> {
    attempt(&meta, journal)
}

#[handler(queue = THREADS)]
fn hold(_event: &Placed, gate: &Gate) {
    gate.pass_blocking();
}

#[handler]
async fn detached(_event: &Placed, gate: &Gate) {
    gate.pass().await;
}

struct Scene {
    dispatcher: Dispatcher,
    gate: Arc<Gate>,
    journal: Arc<Journal>,
}

impl Scene {
    fn new(choose: impl FnOnce(DispatcherBuilder) -> DispatcherBuilder) -> Self {
        let (gate, journal) = (Arc::<Gate>::default(), Arc::<Journal>::default());
        let builder = Dispatcher::empty()
            .provide_arc(gate.clone())
            .provide_arc(journal.clone());
        Self {
            dispatcher: choose(builder).build().expect("wired"),
            gate,
            journal,
        }
    }

    /// For tests that have no runtime of their own.
    fn on(runtime: &Runtime, choose: impl FnOnce(DispatcherBuilder) -> DispatcherBuilder) -> Self {
        Self::new(|builder| choose(builder).runtime(runtime.handle().clone()))
    }
}

fn unfinished(error: &JoinError) -> Vec<(String, usize)> {
    let unfinished = error.unfinished().iter();
    unfinished.map(|(by, n)| (short(*by), *n)).collect()
}
