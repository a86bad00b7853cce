//! What a delivery holds while it waits for its next attempt.

use std::sync::Arc;
use std::time::Duration;

use event_core::error::BoxError;
use event_core::queue::{Overflow, Queue, QueueHandle};
use event_core::report::DeliveryStatus;
use event_core::retry::RetryAfter;
use event_core::{Dispatcher, Event, Meta, handler};
use event_tests::{Journal, Watch, poll, runtime, until_async};

use super::paused_runtime;

const HOUR: Duration = Duration::from_hours(1);

static ONE: Queue = Queue::new("one consumer")
    .capacity(2)
    .overflow(Overflow::Reject);
static TWO: Queue = Queue::new("two consumers").consumers(2);
static ORDERED: Queue = Queue::new("ordered");
static ORDERED_TWO: Queue = Queue::new("ordered, two consumers").consumers(2);
static THREAD: Queue = Queue::new("one thread");

/// The first attempt of an event that is held fails, and the next one is due in an hour.
#[derive(Event)]
#[event(key = key)]
struct Sent {
    key: &'static str,
    number: u32,
    is_held: bool,
}

impl Sent {
    fn send(&self, meta: &Meta, journal: &Journal) -> Result<(), BoxError> {
        journal.write(format!("{}{}.{}", self.key, self.number, meta.attempt()));
        if self.is_held && meta.attempt() == 1 {
            return Err(RetryAfter::new(HOUR, "busy").into());
        }
        Ok(())
    }
}

fn held(key: &'static str, number: u32) -> Sent {
    Sent {
        key,
        number,
        is_held: true,
    }
}

fn free(key: &'static str, number: u32) -> Sent {
    Sent {
        key,
        number,
        is_held: false,
    }
}

#[handler(queue = ONE, retry)]
async fn by_one(event: &Sent, meta: Meta, journal: &Journal) -> Result<(), BoxError> {
    event.send(&meta, journal)
}

#[handler(queue = TWO, retry)]
async fn by_two(event: &Sent, meta: Meta, journal: &Journal) -> Result<(), BoxError> {
    event.send(&meta, journal)
}

#[handler(queue = ORDERED, retry(ordered))]
async fn in_order(event: &Sent, meta: Meta, journal: &Journal) -> Result<(), BoxError> {
    event.send(&meta, journal)
}

#[handler(queue = ORDERED_TWO, retry(ordered))]
async fn in_order_by_two(event: &Sent, meta: Meta, journal: &Journal) -> Result<(), BoxError> {
    event.send(&meta, journal)
}

#[handler(queue = THREAD, retry(ordered))]
fn on_a_thread(event: &Sent, meta: Meta, journal: &Journal) -> Result<(), BoxError> {
    event.send(&meta, journal)
}

#[handler(concurrency = 1, retry)]
async fn one_at_a_time(event: &Sent, meta: Meta, journal: &Journal) -> Result<(), BoxError> {
    event.send(&meta, journal)
}

fn dispatcher<F: Copy + 'static>(handler: F, journal: &Arc<Journal>) -> Dispatcher {
    let builder = Dispatcher::empty()
        .handler(handler)
        .provide_arc(journal.clone());
    builder.build().expect("wired")
}

/// Waits until nothing runs and nothing is ready, with so many deliveries left that wait.
async fn settled(queue: &QueueHandle, waiting: usize) {
    until_async(format_args!("{waiting} wait: {queue:?}"), || {
        let counts = queue.counts();
        counts.running == 0 && counts.depth == waiting
    })
    .await;
}

#[test]
fn it_holds_no_consumer_and_other_deliveries_overtake_it() {
    for (handler, queue) in [(0, &ONE), (1, &TWO)] {
        let journal = Arc::new(Journal::default());
        paused_runtime().block_on(async {
            let dispatcher = match handler {
                0 => dispatcher(by_one, &journal),
                _ => dispatcher(by_two, &journal),
            };
            let queue = dispatcher.queue(queue).expect("it has a handler");
            dispatcher.emit(held("a", 1));
            settled(&queue, 1).await;
            dispatcher.emit(free("a", 2));
            settled(&queue, 1).await;
            assert_eq!(journal.take(), ["a1.1", "a2.1"]);
            queue.join().await;
            assert_eq!(journal.take(), ["a1.2"]);
        });
    }
}

#[test]
fn it_holds_the_lane_of_its_key_if_its_policy_is_ordered() {
    for consumers in [1, 2] {
        let journal = Arc::new(Journal::default());
        paused_runtime().block_on(async {
            let (dispatcher, queue) = match consumers {
                1 => (dispatcher(in_order, &journal), &ORDERED),
                _ => (dispatcher(in_order_by_two, &journal), &ORDERED_TWO),
            };
            let queue = dispatcher.queue(queue).expect("it has a handler");
            dispatcher.emit(held("a", 1));
            settled(&queue, 1).await;
            dispatcher.emit(free("a", 2));
            dispatcher.emit(free("b", 1));
            settled(&queue, 2).await;
            assert_eq!(journal.take(), ["a1.1", "b1.1"]);
            queue.join().await;
            assert_eq!(journal.take(), ["a1.2", "a2.1"]);
        });
    }
}

#[test]
fn it_counts_towards_the_capacity() {
    let journal = Arc::new(Journal::default());
    paused_runtime().block_on(async {
        let dispatcher = dispatcher(by_one, &journal);
        let queue = dispatcher.queue(&ONE).expect("it has a handler");
        dispatcher.emit(held("a", 1));
        settled(&queue, 1).await;
        dispatcher.emit(held("a", 2));
        settled(&queue, 2).await;
        let report = dispatcher.emit(free("a", 3));
        assert_eq!(report.rejected(), 1);
        queue.join().await;
        let counts = queue.counts();
        assert_eq!((counts.done, counts.rejected, counts.high_water), (2, 1, 2));
    });
}

#[test]
fn a_shutdown_that_runs_out_of_time_names_it_and_abandons_it() {
    let (journal, watch) = (Arc::new(Journal::default()), Arc::new(Watch::default()));
    let runtime = runtime();
    runtime.block_on(async {
        for thread in [false, true] {
            let builder = if thread {
                Dispatcher::empty().handler(on_a_thread)
            } else {
                Dispatcher::empty().handler(by_one).handler(one_at_a_time)
            };
            let builder = builder.provide_arc(journal.clone()).observe(watch.clone());
            let dispatcher = builder.build().expect("wired");
            dispatcher.emit(held("a", 1));
            let attempts = if thread { 1 } else { 2 };
            until_async("each first attempt has failed", || {
                watch.attempts_failed() == attempts
            })
            .await;
            let end = dispatcher.shutdown(Duration::ZERO).await;
            assert!(!end.is_complete());
            let shown = end.to_string();
            if thread {
                assert!(shown.contains("on_a_thread"), "{shown}");
            } else {
                assert!(
                    shown.contains("by_one") && shown.contains("one_at_a_time"),
                    "{shown}"
                );
            }
            // A thread that has just ended an attempt sees the end of the dispatcher after the shutdown.
            until_async("observers are told of each", || {
                watch.count(DeliveryStatus::Abandoned) == attempts
            })
            .await;
            watch.clear();
        }
    });
}

/// Takes the journal; the second attempts, which are due at once, are sorted.
fn attempts(journal: &Journal) -> Vec<String> {
    let mut attempts = journal.take();
    attempts[2..].sort();
    attempts
}

#[test]
fn it_holds_no_permit_of_its_handler() {
    let journal = Arc::new(Journal::default());
    paused_runtime().block_on(async {
        let dispatcher = dispatcher(one_at_a_time, &journal);
        let start = tokio::time::Instant::now();
        let (first, second) = tokio::join!(
            dispatcher.emit_async(held("a", 1)),
            dispatcher.emit_async(held("a", 2)),
        );
        assert_eq!((first.done(), second.done()), (1, 1));
        assert_eq!(attempts(&journal), ["a1.1", "a2.1", "a1.2", "a2.2"]);
        assert!(start.elapsed() < 2 * HOUR);
        let watch = Arc::new(Watch::default());
        let _watching = dispatcher.observe(watch.clone());
        for number in [1, 2] {
            assert_eq!(dispatcher.emit(held("b", number)).handed_over(), 1);
            until_async("the first attempt has failed", || {
                watch.attempts_failed() == number as usize
            })
            .await;
        }
        let end = dispatcher.shutdown(2 * HOUR).await;
        assert!(end.is_complete(), "{end}");
        assert_eq!(attempts(&journal), ["b1.1", "b2.1", "b1.2", "b2.2"]);
    });
}

#[test]
fn an_async_emission_that_is_dropped_meanwhile_cancels_it() {
    let (journal, watch) = (Arc::new(Journal::default()), Arc::new(Watch::default()));
    let runtime = paused_runtime();
    let _inside = runtime.enter();
    let dispatcher = Dispatcher::empty()
        .handler(one_at_a_time)
        .provide_arc(journal.clone())
        .observe(watch.clone())
        .build()
        .expect("wired");
    let mut emission = Box::pin(IntoFuture::into_future(dispatcher.emit_async(held("a", 1))));
    assert!(poll(&mut emission).is_none());
    assert_eq!(journal.take(), ["a1.1"]);
    drop(emission);
    assert_eq!(watch.count(DeliveryStatus::Cancelled), 1);
    assert_eq!((watch.attempts_failed(), watch.ended().len()), (1, 1));
}

#[test]
fn a_drain_waits_for_the_next_attempt() {
    let journal = Arc::new(Journal::default());
    paused_runtime().block_on(async {
        let dispatcher = dispatcher(by_one, &journal);
        dispatcher.emit(held("a", 1));
        let end = dispatcher.shutdown(2 * HOUR).await;
        assert!(end.is_complete(), "{end}");
        assert_eq!(journal.take(), ["a1.1", "a1.2"]);
    });
}
