//! A queue that threads serve.

use std::rc::Rc;
use std::time::{Duration, Instant};

use event_core::queue::{Overflow, Queue};
use event_core::{Dispatcher, Event, handler};
use tokio::runtime::Runtime;

use crate::queues::{CAPACITY, Candidate, tally};

static THREADS: Queue = Queue::new("threads")
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

/// `emit_blocking` of events for a queue that threads serve. The runtime does nothing here; a build asks
/// for one.
pub(crate) fn by_threads(runtime: &Rc<Runtime>, consumers: usize) -> Candidate {
    let dispatcher = Dispatcher::builder()
        .only(on_a_thread)
        .configure(&THREADS, |settings| settings.consumers(consumers))
        .runtime(runtime.handle().clone())
        .build()
        .unwrap_or_else(|error| panic!("{error}"));
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
