//! Emitters that wait for all that their emission causes, and for nothing else.

use std::sync::Arc;
use std::time::Duration;

use event_core::dispatcher::DispatcherBuilder;
use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::{Dispatcher, Event, handler};
use event_tests::{Gate, Journal};
use tokio::runtime::Runtime;

mod awaited;
mod ended;
mod nested;
mod session;

const SECOND: Duration = Duration::from_secs(1);

static TASKS: Queue = Queue::new("settled tasks")
    .consumers(2)
    .overflow(Overflow::Reject);
static THREADS: Queue = Queue::new("settled threads");
static REJECTS: Queue = Queue::new("settled rejects")
    .capacity(1)
    .overflow(Overflow::Reject);
static DROPS: Queue = Queue::new("settled drops")
    .capacity(1)
    .overflow(Overflow::DropOldest);
static UI: LocalQueue<()> = LocalQueue::new("settled ui");

#[derive(Event)]
struct Placed;

#[derive(Event)]
struct Packed;

#[derive(Event)]
struct Shipped;

#[derive(Event)]
struct Billed;

/// What others emit.
#[derive(Event)]
struct Beat;

#[handler(queue = TASKS)]
async fn pack(_event: &Placed) -> Packed {
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

#[handler(queue = TASKS)]
async fn hold(_event: &Beat, gate: &Gate) {
    gate.pass().await;
}

/// From a queue of tasks to a task, to a queue of threads, and back.
fn chain(builder: DispatcherBuilder) -> DispatcherBuilder {
    builder
        .handler(pack)
        .handler(ship)
        .handler(bill)
        .handler(archive)
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
