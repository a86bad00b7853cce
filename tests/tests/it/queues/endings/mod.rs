//! Queues whose handlers panic, and queues whose runtime or dispatcher ends.

mod abandoned;
mod each_await;
mod last_dispatcher;
mod panics;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::queue::{Queue, QueueHandle};
use event_core::report::DeliveryStatus;
use event_core::{Event, dispatcher::DispatcherBuilder, handler};
use event_tests::Gate;

const LONG: Duration = Duration::from_mins(1);

static THREAD: Queue = Queue::new("thread").capacity(100);

static TASK: Queue = Queue::new("task").capacity(100);

#[derive(Event)]
struct Job(u32);

fn adds_up(queue: &QueueHandle) {
    let counts = queue.counts();
    let waiting = (counts.depth + counts.running) as u64;
    let ended = counts.done + counts.failed + counts.abandoned;
    let refused = counts.dropped + counts.rejected;
    assert_eq!(counts.offered, waiting + ended + refused, "{counts:?}");
}

/// The statuses of the failures that `on_failure` was called with.
type Heard = Arc<Mutex<Vec<DeliveryStatus>>>;

fn hears(builder: DispatcherBuilder, heard: &Heard) -> DispatcherBuilder {
    let heard = Arc::clone(heard);
    builder.on_failure(move |failure| {
        let ended = failure.ended().expect("it is of a delivery");
        heard.lock().expect("not poisoned").push(ended);
    })
}

fn taken(heard: &Heard) -> Vec<DeliveryStatus> {
    std::mem::take(&mut heard.lock().expect("not poisoned"))
}

static HELD: Queue = Queue::new("held").capacity(2);

#[handler(queue = HELD)]
async fn held(_job: &Job, gate: &Gate) {
    gate.pass().await;
}
