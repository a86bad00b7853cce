//! Failed deliveries of subscriptions that run in a queue are tried again by the policy of the subscription.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::dispatcher::{Subscription, SubscriptionBuilder};
use event_core::error::BoxError;
use event_core::queue::{Queue, QueueCounts, QueueHandle};
use event_core::report::{DeliveryStatus, SkipReason};
use event_core::retry::{Permanent, RetryAfter, RetryPolicy};
use event_core::{Dispatcher, Event, Meta, handler};
use event_tests::{Heard, Journal, Watch, quiet_panic, runtime, until_async};
use tokio::runtime::Runtime;

const LONG: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_hours(1);

static THREADS: Queue = Queue::new("threads of retried subscriptions");
static TASKS: Queue = Queue::new("tasks of retried subscriptions");

/// Its first attempts fail.
#[derive(Event)]
#[event(key = key)]
struct Ordered {
    key: &'static str,
    number: u32,
    failures: usize,
}

#[derive(Event)]
struct Keyless;

#[derive(Event)]
#[event(key = key)]
struct Noted {
    key: &'static str,
}

/// Lets tasks serve `TASKS`. Its events wait there by value.
#[handler(queue = TASKS)]
async fn note(event: &Noted, journal: &Journal) {
    journal.write(format!("{} noted", event.key));
}

fn order(number: u32, failures: usize) -> Ordered {
    Ordered {
        key: "a",
        number,
        failures,
    }
}

fn policy(attempts: u32) -> RetryPolicy {
    RetryPolicy::new()
        .with_attempts(attempts)
        .with_backoff(Duration::from_millis(1), Duration::from_millis(2))
}

/// A dispatcher whose queues a thread and a task serve.
struct Fixture {
    dispatcher: Dispatcher,
    watch: Arc<Watch>,
    heard: Heard,
    journal: Arc<Journal>,
    _runtime: Runtime,
}

impl Fixture {
    fn new() -> Self {
        let (runtime, watch, heard) = (runtime(), Arc::new(Watch::default()), Heard::default());
        let journal = Arc::new(Journal::default());
        let dispatcher = Dispatcher::empty()
            .handler(note)
            .queue(&THREADS)
            .provide_arc(journal.clone())
            .observe(watch.clone())
            .on_failure(heard.hook())
            .runtime(runtime.handle().clone())
            .build()
            .expect("wired");
        Self {
            dispatcher,
            watch,
            heard,
            journal,
            _runtime: runtime,
        }
    }

    fn retrying(
        &self,
        queue: &'static Queue,
        policy: RetryPolicy,
    ) -> SubscriptionBuilder<'_, (), (), (), Queue> {
        let options = self.dispatcher.subscription_builder();
        options.queue(queue).retry(policy)
    }

    /// Subscribes a closure that writes the numbers of its attempts, and fails in the first ones.
    fn paying(&self, (queue, is_async): Run, policy: RetryPolicy) -> Subscription {
        let options = self.retrying(queue, policy).param::<Meta>();
        let journal = self.journal.clone();
        let pay = move |event: &Ordered, meta: &Meta| -> Result<(), BoxError> {
            journal.write(format!("{}.{}", event.number, meta.attempt()));
            if meta.attempt() as usize <= event.failures {
                return Err("busy".into());
            }
            Ok(())
        };
        if is_async {
            options.subscribe_async(move |event: Arc<Ordered>, meta: Meta| {
                let paid = pay(&event, &meta);
                async move {
                    tokio::task::yield_now().await;
                    paid
                }
            })
        } else {
            options.subscribe(move |event: &Ordered, meta: Meta| pay(event, &meta))
        }
    }

    fn join(&self, queue: &'static Queue) -> QueueCounts {
        let queue = self.dispatcher.queue(queue).expect("it has one");
        assert!(queue.join_blocking(LONG), "{queue:?}");
        let counts = queue.counts();
        assert_eq!(counts.offered, counts.ended(), "{counts:?}");
        counts
    }
}

/// A queue, and whether the closure is async.
type Run = (&'static Queue, bool);

const RUNS: [Run; 3] = [(&THREADS, false), (&THREADS, true), (&TASKS, true)];

#[test]
fn a_temporary_failure_heals_and_the_delivery_is_done_once() {
    for run in RUNS {
        let fixture = Fixture::new();
        let _guard = fixture.paying(run, policy(4));
        fixture.dispatcher.emit(order(7, 2));
        let counts = fixture.join(run.0);
        assert_eq!((counts.offered, counts.done, counts.failed), (1, 1, 0));
        assert_eq!(fixture.journal.take(), ["7.1", "7.2", "7.3"]);
        assert_eq!(fixture.watch.attempts_failed(), 2);
        assert_eq!(
            fixture.watch.ended_of("subscription"),
            [DeliveryStatus::Done]
        );
        assert_eq!(fixture.heard.take(), [""; 0]);
    }
}

#[test]
fn the_failure_of_the_last_attempt_is_that_of_the_delivery() {
    for run in RUNS {
        let fixture = Fixture::new();
        let _guard = fixture.paying(run, policy(3));
        fixture.dispatcher.emit(order(7, 9));
        let counts = fixture.join(run.0);
        assert_eq!((counts.offered, counts.done, counts.failed), (1, 0, 1));
        assert_eq!(fixture.journal.take(), ["7.1", "7.2", "7.3"]);
        let heard = fixture.heard.take();
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0].contains("busy"), "{heard:?}");
    }
}

#[test]
fn a_panic_is_tried_again_and_a_permanent_error_is_not() {
    let fixture = Fixture::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let _guard = fixture.retrying(&THREADS, policy(5)).subscribe(
        move |_: &Keyless| -> Result<(), Permanent> {
            match counted.fetch_add(1, Ordering::SeqCst) {
                0 => quiet_panic(),
                _ => Err(Permanent::new("card expired")),
            }
        },
    );
    fixture.dispatcher.emit(Keyless);
    let counts = fixture.join(&THREADS);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert_eq!(counts.failed, 1);
    let heard = fixture.heard.take();
    assert!(heard[0].contains("card expired"), "{heard:?}");
}

#[test]
fn a_dispatcher_says_the_policy_of_a_subscription() {
    let fixture = Fixture::new();
    let _retrying = fixture.paying(RUNS[0], policy(4).ordered());
    let _failing = fixture
        .dispatcher
        .subscription_builder()
        .queue(&THREADS)
        .subscribe(|_: &Ordered| {});
    let handlers = fixture.dispatcher.handlers_of::<Ordered>();
    let policies: Vec<_> = handlers.map(|handler| handler.retry()).collect();
    assert_eq!(policies, [Some(policy(4).ordered()), None]);
}

#[test]
fn a_cancel_ends_a_delivery_that_waits_for_its_next_attempt() {
    for is_weak in [false, true] {
        let fixture = Fixture::new();
        let guard: Arc<Mutex<Option<Subscription>>> = Arc::default();
        let target: Arc<Mutex<Option<Arc<()>>>> = Arc::new(Mutex::new(Some(Arc::new(()))));
        let options = fixture.retrying(&THREADS, policy(4));
        let (cancel, end) = (guard.clone(), target.clone());
        let journal = fixture.journal.clone();
        // Its first attempt ends the subscription, and fails.
        let call = move || -> Result<(), BoxError> {
            journal.write("called");
            drop(cancel.lock().expect("not poisoned").take());
            drop(end.lock().expect("not poisoned").take());
            Err("busy".into())
        };
        let subscription = if is_weak {
            let weak = target.lock().expect("not poisoned").clone();
            let options = options.weak(&weak.expect("not taken"));
            options.subscribe(move |(): &(), _: &Keyless| call())
        } else {
            options.subscribe(move |_: &Keyless| call())
        };
        *guard.lock().expect("not poisoned") = Some(subscription);
        fixture.dispatcher.emit(Keyless);
        let counts = fixture.join(&THREADS);
        assert_eq!(fixture.journal.take(), ["called"]);
        assert_eq!((counts.skipped, counts.failed, counts.done), (1, 0, 0));
        assert_eq!(
            fixture.watch.ended_of("subscription"),
            [DeliveryStatus::Skipped(SkipReason::Cancelled)]
        );
        assert_eq!(fixture.heard.take(), [""; 0]);
    }
}

#[test]
fn the_only_delivery_has_all_its_attempts_and_no_other_event_has_one() {
    for run in RUNS {
        let fixture = Fixture::new();
        let options = fixture.retrying(run.0, policy(3)).once();
        let journal = fixture.journal.clone();
        let call = move |number| -> Result<(), BoxError> {
            journal.write(format!("{number}"));
            Err("busy".into())
        };
        let guard = if run.1 {
            options
                .subscribe_async(move |event: Arc<Ordered>| std::future::ready(call(event.number)))
        } else {
            options.subscribe(move |event: &Ordered| call(event.number))
        };
        fixture.dispatcher.emit(order(1, 0));
        fixture.dispatcher.emit(order(2, 0));
        fixture.join(run.0);
        fixture.dispatcher.emit(order(3, 0));
        let counts = fixture.join(run.0);
        assert_eq!(fixture.journal.take(), ["1", "1", "1"]);
        assert_eq!((counts.offered, counts.failed), (1, 1));
        assert!(!guard.is_active());
    }
}

#[test]
fn the_last_delivery_has_all_its_attempts() {
    let fixture = Fixture::new();
    let journal = fixture.journal.clone();
    let _guard = fixture
        .retrying(&THREADS, policy(2))
        .until(|event: &Ordered| event.number == 2)
        .subscribe(move |event: &Ordered| -> Result<(), BoxError> {
            journal.write(event.number.to_string());
            Err("busy".into())
        });
    for number in 1..=3 {
        fixture.dispatcher.emit(order(number, 0));
    }
    let counts = fixture.join(&THREADS);
    let mut calls: HashMap<String, usize> = HashMap::new();
    for call in fixture.journal.take() {
        *calls.entry(call).or_default() += 1;
    }
    let twice = ["1", "2"].map(|number| (number.to_owned(), 2));
    assert_eq!(calls, HashMap::from(twice));
    assert_eq!(counts.failed, 2);
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
fn only_an_ordered_delivery_keeps_later_ones_of_its_key_waiting() {
    for is_ordered in [true, false] {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let journal = Arc::new(Journal::default());
        runtime.block_on(async {
            let dispatcher = Dispatcher::empty()
                .handler(note)
                .provide_arc(journal.clone())
                .build()
                .expect("wired");
            let policy = if is_ordered {
                policy(2).ordered()
            } else {
                policy(2)
            };
            let calls = AtomicUsize::new(0);
            let writing = journal.clone();
            let _guard = dispatcher
                .subscription_builder()
                .queue(&TASKS)
                .retry(policy)
                .subscribe_async(move |event: Arc<Ordered>| {
                    let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
                    writing.write(format!("{}.{call}", event.key));
                    let busy = || RetryAfter::new(HOUR, "busy");
                    std::future::ready(if call == 1 { Err(busy()) } else { Ok(()) })
                });
            let queue = dispatcher.queue(&TASKS).expect("it has a handler");
            dispatcher.emit(order(1, 0));
            settled(&queue, 1).await;
            dispatcher.emit(Noted { key: "a" });
            dispatcher.emit(Noted { key: "b" });
            settled(&queue, if is_ordered { 2 } else { 1 }).await;
            queue.join().await;
        });
        let (first, last) = (["b noted", "a.2"], ["a noted", "b noted"]);
        let expected = if is_ordered {
            ["a.1", first[0], first[1], "a noted"]
        } else {
            ["a.1", last[0], last[1], "a.2"]
        };
        assert_eq!(journal.take(), expected);
    }
}

/// Returns the message of the panic.
fn panic_of(run: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
    *panic.downcast::<String>().expect("a message")
}

#[test]
fn an_ordered_policy_needs_an_event_with_a_key() {
    let fixture = Fixture::new();
    let message = panic_of(|| {
        let options = fixture.retrying(&THREADS, policy(2).ordered());
        options.subscribe(|_: &Keyless| {}).detach();
    });
    assert!(message.contains("`Keyless`") || message.contains("::Keyless`"));
    assert!(
        message.contains("add `#[event(key = …)]` to `Keyless`"),
        "{message}"
    );
}

#[test]
fn tasks_need_the_timers_of_their_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let build = || {
        let builder = Dispatcher::empty().handler(note).queue(&THREADS);
        let builder = builder.provide(Journal::default());
        builder.runtime(runtime.handle().clone()).build()
    };
    // The builder names `THREADS`, so threads serve it, and a thread times its attempts.
    let dispatcher = build().expect("wired");
    let on_threads = dispatcher.subscription_builder().queue(&THREADS);
    on_threads
        .retry(policy(2))
        .subscribe(|_: &Keyless| {})
        .detach();
    let message = panic_of(|| {
        let on_tasks = dispatcher.subscription_builder().queue(&TASKS);
        drop(on_tasks.retry(policy(2)));
    });
    assert!(message.contains("`.enable_time()`"), "{message}");
}
