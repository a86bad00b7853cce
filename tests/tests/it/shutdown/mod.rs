//! How a dispatcher ends: what it still does, what it refuses, and what it says about it.

#![allow(
    clippy::unnecessary_wraps,
    reason = "handlers return what the test is about"
)]

mod account;
mod closed;
mod draining;
mod limit;
mod runtime_ended;

use std::sync::Arc;
use std::time::Duration;

use event_core::handler::HandlerInfo;
use event_core::queue::{LocalQueue, Queue};
use event_core::{Dispatcher, Event, dispatcher::DispatcherBuilder, handler};
use event_tests::{Gate, Heard, Journal, Watch, short};

const LONG: Duration = Duration::from_mins(1);

static TASKS: Queue = Queue::new("tasks");

static THREADS: Queue = Queue::new("threads");

static UI: LocalQueue<Vec<&'static str>> = LocalQueue::new("ui");

#[derive(Event)]
struct Placed;

#[derive(Event)]
struct Shipped;

#[handler]
async fn detached(_event: &Placed, gate: &Gate, journal: &Journal) -> Shipped {
    gate.pass().await;
    journal.write("detached");
    Shipped
}

#[handler(after = detached)]
async fn detached_behind(_event: &Placed, journal: &Journal) {
    journal.write("detached behind");
}

#[handler(queue = TASKS)]
async fn by_task(_event: &Placed, gate: &Gate, journal: &Journal) -> Shipped {
    gate.pass().await;
    journal.write("by task");
    Shipped
}

#[handler(queue = THREADS)]
fn by_thread(_event: &Placed, gate: &Gate, journal: &Journal) -> Shipped {
    gate.pass_blocking();
    journal.write("by thread");
    Shipped
}

#[handler]
async fn ships(_event: &Shipped, journal: &Journal) {
    journal.write("shipped");
}

struct Scene {
    gate: Arc<Gate>,
    journal: Arc<Journal>,
    watch: Arc<Watch>,
    heard: Heard,
}

impl Scene {
    /// What the handlers need; none of them is chosen.
    fn set() -> (DispatcherBuilder, Self) {
        let scene = Self {
            gate: Arc::default(),
            journal: Arc::default(),
            watch: Arc::default(),
            heard: Heard::default(),
        };
        let builder = Dispatcher::empty()
            .provide_arc(scene.gate.clone())
            .provide_arc(scene.journal.clone())
            .observe(scene.watch.clone())
            .on_failure(scene.heard.hook());
        (builder, scene)
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = self.journal.take();
        lines.sort();
        lines
    }
}

fn all() -> (Dispatcher, Scene) {
    let (builder, scene) = Scene::set();
    let builder = builder
        .handler(detached)
        .handler(detached_behind)
        .handler(by_task)
        .handler(by_thread)
        .handler(ships);
    (builder.build().expect("wired"), scene)
}

fn by_name(counts: &[(HandlerInfo, usize)]) -> Vec<(String, usize)> {
    counts.iter().map(|(by, n)| (short(*by), *n)).collect()
}

fn named(counts: &[(&str, usize)]) -> Vec<(String, usize)> {
    counts
        .iter()
        .map(|(by, n)| ((*by).to_owned(), *n))
        .collect()
}

#[derive(Event)]
struct Unheard;
