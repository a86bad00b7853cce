//! Many deliveries that fail twice.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use event_core::queue::{Overflow, Queue};
use event_core::{Dispatcher, Event, Meta, handler};
use event_tests::runtime;

const EVENTS: u64 = 100_000;

static LOAD: Queue = Queue::new("retry load")
    .capacity(256)
    .consumers(2)
    .overflow(Overflow::Wait);

#[derive(Event)]
#[event(key = number)]
struct Loaded {
    number: u64,
}

#[derive(Default)]
struct Calls {
    all: AtomicU64,
    done: AtomicU64,
}

#[handler(queue = LOAD, retry(attempts = 3, backoff = "1ms..1ms"))]
async fn third_time_lucky(event: &Loaded, meta: Meta, calls: &Calls) -> Result<(), &'static str> {
    calls.all.fetch_add(1, Ordering::Relaxed);
    if meta.attempt() < 3 {
        return Err("busy");
    }
    calls.done.fetch_add(event.number, Ordering::Relaxed);
    Ok(())
}

#[test]
fn the_counts_of_many_deliveries_that_fail_twice_add_up_and_few_wait_at_once() {
    let calls = std::sync::Arc::new(Calls::default());
    runtime().block_on(async {
        let dispatcher = Dispatcher::empty()
            .handler(third_time_lucky)
            .provide_arc(calls.clone())
            .build()
            .expect("wired");
        for number in 0..EVENTS {
            assert_eq!(
                dispatcher.emit_async(Loaded { number }).await.handed_over(),
                1
            );
        }
        let queue = dispatcher.queue(&LOAD).expect("it has a handler");
        let end = dispatcher.shutdown(Duration::from_mins(1)).await;
        assert!(end.is_complete(), "{end}");
        let counts = queue.counts();
        assert_eq!(
            (counts.done, counts.failed, counts.offered),
            (EVENTS, 0, EVENTS)
        );
        assert_eq!((counts.depth, counts.running), (0, 0));
        // A delivery that waits for its next attempt may exceed the capacity, one for each consumer.
        assert!(counts.high_water <= 256 + 2, "{counts:?}");
    });
    assert_eq!(calls.all.load(Ordering::Relaxed), 3 * EVENTS);
    assert_eq!(
        calls.done.load(Ordering::Relaxed),
        EVENTS * (EVENTS - 1) / 2
    );
}
