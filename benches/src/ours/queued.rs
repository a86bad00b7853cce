//! Events that are handed to a queue.

use std::rc::Rc;
use std::time::{Duration, Instant};

use event_core::queue::{Overflow, Queue};
use event_core::{Dispatcher, Event, handler};
use tokio::runtime::Runtime;

use crate::queues::{CAPACITY, Candidate, tally};

event_core::module!();

static THREADS: Queue = Queue::new("threads")
    .capacity(CAPACITY)
    .overflow(Overflow::Wait);

static TASKS: Queue = Queue::new("tasks")
    .capacity(CAPACITY)
    .overflow(Overflow::Wait);

/// Its handler runs on the queue's threads.
#[derive(Event)]
struct ToThreads {
    id: u64,
    total: u64,
}

#[handler(queue = THREADS)]
fn on_a_thread(event: &ToThreads) {
    tally::add(event.id, event.total);
}

/// Its handler runs in the queue's tasks.
#[derive(Event)]
struct ToTasks {
    id: u64,
    total: u64,
}

#[handler(queue = TASKS)]
async fn in_a_task(event: &ToTasks) {
    tally::add(event.id, event.total);
}

/// `emit_blocking` of events for a queue that threads serve. The runtime does nothing here; a build asks
/// for one.
pub(crate) fn by_threads(runtime: &Rc<Runtime>, consumers: usize) -> Candidate {
    let dispatcher = dispatcher(runtime, &THREADS, consumers);
    Candidate::new("ours", move |ids| {
        let start = Instant::now();
        for id in ids {
            let report = dispatcher.emit_blocking(ToThreads { id, total: 1 });
            assert!(report.is_ok_and(|report| report.is_ok()));
        }
        let quiet = dispatcher
            .queue(&THREADS)
            .expect("a handler names it")
            .join_blocking(Duration::from_mins(1));
        assert!(quiet, "the queue never gets empty");
        start.elapsed()
    })
}

/// `emit_async` of events for a queue that tasks serve, from a task.
pub(crate) fn by_tasks(runtime: &Rc<Runtime>, consumers: usize) -> Candidate {
    let dispatcher = dispatcher(runtime, &TASKS, consumers);
    let runtime = Rc::clone(runtime);
    Candidate::new("ours", move |ids| {
        let dispatcher = dispatcher.clone();
        let producer = runtime.spawn(async move {
            let start = Instant::now();
            for id in ids {
                let report = dispatcher.emit_async(ToTasks { id, total: 1 }).await;
                assert!(report.is_ok(), "{report:?}");
            }
            dispatcher
                .queue(&TASKS)
                .expect("a handler names it")
                .join()
                .await;
            start.elapsed()
        });
        runtime.block_on(producer).expect("the producer ends")
    })
}

fn dispatcher(runtime: &Runtime, queue: &'static Queue, consumers: usize) -> Dispatcher {
    Dispatcher::builder()
        .only_modules([MODULE])
        .configure(queue, |settings| settings.consumers(consumers))
        .runtime(runtime.handle().clone())
        .build()
        .unwrap_or_else(|error| panic!("{error}"))
}
