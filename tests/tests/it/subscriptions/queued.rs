//! Subscriptions that run in a queue behave as queued handlers do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use event_core::dispatcher::{DispatcherBuilder, Subscription};
use event_core::handler::DeliveryKind;
use event_core::queue::{LocalQueue, Overflow, Queue, QueueCounts};
use event_core::report::{DeliveryStatus, SkipReason};
use event_core::{Context, Dispatcher, Event, handler};
use event_tests::{Gate, Heard, Journal, Watch, quiet_panic, runtime};
use pollster::block_on;
use proptest::prelude::*;
use tokio::runtime::Runtime;

const LONG: Duration = Duration::from_secs(30);

const CANCELLED: DeliveryStatus = DeliveryStatus::Skipped(SkipReason::Cancelled);

static MAIL: Queue = Queue::new("mail-of-subscriptions");
static OTHER: Queue = Queue::new("other-of-subscriptions");
static UI: LocalQueue<App> = LocalQueue::new("ui-of-subscriptions");

/// What the pump lends: neither `Send` nor `Sync`.
#[derive(Default)]
struct App {
    lines: Rc<Mutex<Vec<String>>>,
}

impl App {
    fn write(&mut self, line: impl Into<String>) {
        self.lines.lock().expect("not poisoned").push(line.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().expect("not poisoned"))
    }
}

#[derive(Event)]
#[event(key = customer)]
struct Ordered {
    customer: u32,
    number: u32,
}

#[derive(Event)]
struct Caused(u32);

fn tick(number: u32) -> Ordered {
    Ordered {
        customer: 0,
        number,
    }
}

/// A dispatcher with `MAIL` and `UI`, and what observes it.
fn built(change: impl FnOnce(DispatcherBuilder) -> DispatcherBuilder) -> (Fixture, Arc<Watch>) {
    let (runtime, watch) = (runtime(), Arc::new(Watch::default()));
    let builder = Dispatcher::empty()
        .queue(&MAIL)
        .queue(&UI)
        .observe(watch.clone())
        .runtime(runtime.handle().clone());
    let dispatcher = change(builder).build().expect("wired");
    (
        Fixture {
            dispatcher,
            _runtime: runtime,
        },
        watch,
    )
}

struct Fixture {
    dispatcher: Dispatcher,
    _runtime: Runtime,
}

impl Fixture {
    fn counts(&self) -> QueueCounts {
        self.dispatcher.queue(&MAIL).expect("named").counts()
    }

    fn pause(&self) {
        self.dispatcher.queue(&MAIL).expect("named").pause();
    }

    fn resume_and_join(&self) {
        let mail = self.dispatcher.queue(&MAIL).expect("named");
        mail.resume();
        assert!(mail.join_blocking(LONG));
        let counts = mail.counts();
        assert_eq!(counts.offered, counts.ended(), "{counts:?}");
    }

    /// Subscribes a closure that writes the numbers of its events, sync or async.
    fn writing(&self, is_async: bool, journal: &Arc<Journal>) -> Subscription {
        let journal = journal.clone();
        let options = self.dispatcher.subscription_builder().queue(&MAIL);
        if is_async {
            options.subscribe_async(move |event: Arc<Ordered>| {
                let journal = journal.clone();
                async move {
                    tokio::task::yield_now().await;
                    journal.write(event.number.to_string());
                }
            })
        } else {
            options.subscribe(move |event: &Ordered| journal.write(event.number.to_string()))
        }
    }
}

#[test]
fn closures_sync_and_async_run_on_a_thread_of_the_queue_in_every_form_of_emit() {
    for is_async in [false, true] {
        let (fixture, watch) = built(|builder| builder);
        let dispatcher = &fixture.dispatcher;
        let ids: Arc<Mutex<Vec<(String, ThreadId)>>> = Arc::default();
        let note = {
            let ids = ids.clone();
            move || {
                let current = thread::current();
                let name = current.name().unwrap_or_default().to_owned();
                ids.lock().expect("not poisoned").push((name, current.id()));
            }
        };
        let options = dispatcher.subscription_builder().queue(&MAIL);
        let _guard = if is_async {
            options.subscribe_async(move |_: Arc<Ordered>| {
                let note = note.clone();
                async move { note() }
            })
        } else {
            options.subscribe(move |_: &Ordered| note())
        };
        let reports = [
            dispatcher.emit(tick(0)),
            block_on(dispatcher.emit_async(tick(1)).into_future()),
            dispatcher.emit_blocking(tick(2)).expect("no runtime here"),
            block_on(dispatcher.emit_async(tick(3)).spawned()),
        ];
        for report in reports {
            assert_eq!((report.handed_over(), report.done()), (1, 0));
        }
        fixture.resume_and_join();
        let ids = std::mem::take(&mut *ids.lock().expect("not poisoned"));
        let names: Vec<_> = ids.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["mail-of-subscriptions-0"; 4], "async: {is_async}");
        assert!(ids.iter().all(|(_, id)| *id == ids[0].1));
        assert_eq!(fixture.counts().done, 4);
        assert_eq!(watch.totals(), (4, 4));
        let info = dispatcher.handlers_of::<Ordered>().next().expect("listed");
        assert_eq!(info.delivery(), DeliveryKind::Queued);
        assert_eq!(info.queue(), Some("mail-of-subscriptions"));
    }
}

#[test]
fn the_pump_lends_its_value_to_closures_with_targets_and_parameters() {
    struct Tenant(&'static str);
    let (fixture, _) = built(|builder| builder);
    let dispatcher = &fixture.dispatcher;
    let target = Arc::new("target".to_owned());
    let options = || dispatcher.subscription_builder().queue(&UI);
    let _plain = options().subscribe(|event: &Ordered, app: &mut App| {
        app.write(format!("plain {}", event.number));
    });
    let _full = options()
        .weak(&target)
        .param::<Context<Tenant>>()
        .subscribe(
            |target: &String, event: &Ordered, app: &mut App, tenant: Context<Tenant>| {
                app.write(format!("{target} {} {}", event.number, tenant.0));
            },
        );
    let mut app = App::default();
    thread::scope(|scope| {
        scope.spawn(|| dispatcher.with(Tenant("north")).emit(tick(1)));
    });
    assert!(app.take().is_empty());
    let ui = dispatcher.queue(&UI).expect("named");
    assert_eq!(ui.pump(&mut app), 2);
    assert_eq!(app.take(), ["plain 1", "target 1 north"]);
    let info = dispatcher.handlers_of::<Ordered>().next().expect("listed");
    assert_eq!(info.delivery(), DeliveryKind::Local);
}

#[test]
fn a_full_queue_follows_its_overflow_policy_and_counts() {
    for is_async in [false, true] {
        let policies = [
            (Overflow::Wait, (0, 2), ["0", "1"]),
            (Overflow::Reject, (0, 2), ["0", "1"]),
            (Overflow::DropNewest, (2, 0), ["0", "1"]),
            (Overflow::DropOldest, (2, 0), ["2", "3"]),
        ];
        for (overflow, (dropped, rejected), run) in policies {
            let change = |settings: event_core::queue::QueueSettings| {
                settings.capacity(2).overflow(overflow)
            };
            let (fixture, _) = built(|builder| builder.configure(&MAIL, change));
            let journal = Arc::new(Journal::default());
            let _guard = fixture.writing(is_async, &journal);
            fixture.pause();
            let reports: Vec<_> = (0..4).map(|at| fixture.dispatcher.emit(tick(at))).collect();
            let full = reports.iter().flat_map(event_core::Report::failures);
            assert_eq!(
                full.filter(|failure| failure.is_full()).count() as u64,
                rejected
            );
            let counts = fixture.counts();
            assert_eq!(
                (counts.depth, counts.dropped, counts.rejected),
                (2, dropped, rejected)
            );
            fixture.resume_and_join();
            assert_eq!(journal.take(), run, "{overflow:?}");
        }
    }
}

#[test]
fn emit_async_waits_for_capacity_and_a_rejected_delivery_is_redelivered() {
    let (fixture, _) = built(|builder| builder.configure(&MAIL, |mail| mail.capacity(1)));
    let journal = Arc::new(Journal::default());
    let _guard = fixture.writing(false, &journal);
    fixture.pause();
    fixture.dispatcher.emit(tick(0));
    let mut waiting = Box::pin(fixture.dispatcher.emit_async(tick(1)).into_future());
    assert!(
        event_tests::poll(&mut waiting).is_none(),
        "the queue is full"
    );
    let rejected = fixture.dispatcher.emit(tick(2));
    assert_eq!(fixture.counts().waits, 1);
    fixture.dispatcher.queue(&MAIL).expect("named").resume();
    assert_eq!(block_on(waiting).handed_over(), 1);
    let again = rejected.failures()[0].redeliver_blocking();
    again.expect("there is capacity now");
    fixture.resume_and_join();
    assert_eq!(journal.take(), ["0", "1", "2"]);
}

#[test]
fn failures_and_panics_are_counted_heard_and_redelivered_and_the_queue_goes_on() {
    for is_async in [false, true] {
        let heard = Heard::default();
        let (fixture, watch) = built(|builder| builder.on_failure(heard.hook()));
        let act = |number| match number {
            0 => Err("refused"),
            1 => quiet_panic(),
            _ => Ok(()),
        };
        let options = fixture.dispatcher.subscription_builder().queue(&MAIL);
        let _guard = if is_async {
            options.subscribe_async(move |event: Arc<Ordered>| async move { act(event.number) })
        } else {
            options.subscribe(move |event: &Ordered| act(event.number))
        };
        for number in 0..3 {
            fixture.dispatcher.emit(tick(number));
        }
        fixture.resume_and_join();
        let counts = fixture.counts();
        assert_eq!((counts.failed, counts.done), (2, 1));
        let ended = [
            DeliveryStatus::Failed,
            DeliveryStatus::Panicked,
            DeliveryStatus::Done,
        ];
        assert_eq!(watch.ended_of("subscription"), ended);
        let heard = heard.take();
        assert!(heard[0].contains("refused"), "{heard:?}");
        assert!(heard[1].contains("on purpose"), "{heard:?}");
    }
}

#[test]
fn deliveries_of_one_key_keep_their_order_beside_those_of_handlers() {
    static LANES: Queue = Queue::new("lanes-of-subscriptions").consumers(4);

    #[handler(queue = LANES)]
    fn ordered(event: &Ordered, journal: &Journal) {
        journal.write(format!("{}: handler {}", event.customer, event.number));
    }

    let runtime = runtime();
    let (journal, gate) = (Arc::new(Journal::default()), Arc::new(Gate::default()));
    let dispatcher = Dispatcher::empty()
        .handler(ordered)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    let _guard = dispatcher.subscription_builder().queue(&LANES).subscribe({
        let (journal, gate) = (journal.clone(), gate.clone());
        move |event: &Ordered| {
            if event.number == 0 {
                gate.pass_blocking();
            }
            journal.write(format!("{}: closure {}", event.customer, event.number));
        }
    });
    for number in 0..3 {
        for customer in 0..2 {
            dispatcher.emit(Ordered { customer, number });
        }
    }
    gate.wait_for(2); // The lanes of two customers run side by side.
    gate.open_for_all();
    assert!(dispatcher.queue(&LANES).expect("named").join_blocking(LONG));
    let lines = journal.take();
    for customer in 0..2 {
        let of = format!("{customer}: ");
        let lines: Vec<_> = lines
            .iter()
            .filter_map(|line| line.strip_prefix(&of))
            .collect();
        let expected = [
            "handler 0",
            "closure 0",
            "handler 1",
            "closure 1",
            "handler 2",
            "closure 2",
        ];
        assert_eq!(lines, expected);
    }
}

/// Subscribes a counting closure with these options, sync or async.
fn counting(
    dispatcher: &Dispatcher,
    (is_async, once): (bool, bool),
    calls: &Arc<AtomicUsize>,
) -> Subscription {
    let calls = calls.clone();
    let options = dispatcher.subscription_builder().queue(&MAIL);
    let options = if once { options.once() } else { options };
    if is_async {
        options.subscribe_async(move |_: Arc<Ordered>| {
            calls.fetch_add(1, Ordering::Relaxed);
            std::future::ready(())
        })
    } else {
        options.subscribe(move |_: &Ordered| {
            calls.fetch_add(1, Ordering::Relaxed);
        })
    }
}

const KINDS: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];

#[test]
fn one_that_is_cancelled_while_its_delivery_is_queued_is_skipped_and_counted() {
    for kind in KINDS {
        let (fixture, watch) = built(|builder| builder);
        let calls = Arc::new(AtomicUsize::new(0));
        let guard = counting(&fixture.dispatcher, kind, &calls);
        fixture.pause();
        assert_eq!(fixture.dispatcher.emit(tick(0)).handed_over(), 1);
        guard.cancel();
        assert_eq!(
            Arc::strong_count(&calls),
            2,
            "the delivery keeps the closure"
        );
        assert_eq!(fixture.dispatcher.emit(tick(1)).deliveries(), 0);
        fixture.resume_and_join();
        let counts = fixture.counts();
        assert_eq!(
            (counts.offered, counts.skipped, counts.done),
            (1, 1, 0),
            "{kind:?}"
        );
        assert_eq!(watch.ended_of("subscription"), [CANCELLED]);
        assert_eq!(watch.totals(), (0, 1), "it never started");
        assert_eq!(calls.load(Ordering::Relaxed), 0);
        assert_eq!(Arc::strong_count(&calls), 1);
    }
}

#[test]
fn a_local_one_that_is_cancelled_while_its_delivery_is_queued_is_skipped_and_counted() {
    let (fixture, watch) = built(|builder| builder);
    let guard = fixture.dispatcher.subscription_builder().queue(&UI);
    let guard = guard.subscribe(|_: &Ordered, app: &mut App| app.write("called"));
    fixture.dispatcher.emit(tick(0));
    drop(guard);
    let (ui, mut app) = (
        fixture.dispatcher.queue(&UI).expect("named"),
        App::default(),
    );
    assert_eq!(ui.pump(&mut app), 1);
    assert!(app.take().is_empty());
    assert_eq!((ui.counts().skipped, ui.counts().done), (1, 0));
    assert_eq!(watch.ended_of("subscription"), [CANCELLED]);
}

#[test]
fn a_target_that_ends_while_the_delivery_is_queued_ends_it_as_skipped() {
    for is_async in [false, true] {
        let (fixture, watch) = built(|builder| builder);
        let target = Arc::new(AtomicUsize::new(0));
        let options = fixture.dispatcher.subscription_builder().queue(&MAIL);
        let _guard = if is_async {
            options.weak(&target).subscribe_async(
                |target: Arc<AtomicUsize>, _: Arc<Ordered>| async move {
                    target.fetch_add(1, Ordering::Relaxed);
                },
            )
        } else {
            options
                .weak(&target)
                .subscribe(|target: &AtomicUsize, _: &Ordered| {
                    target.fetch_add(1, Ordering::Relaxed);
                })
        };
        fixture.dispatcher.emit(tick(0));
        fixture.resume_and_join();
        assert_eq!(target.load(Ordering::Relaxed), 1);
        fixture.pause();
        assert_eq!(
            Arc::strong_count(&target),
            1,
            "a target is upgraded for a call alone"
        );
        fixture.dispatcher.emit(tick(1));
        drop(target);
        fixture.resume_and_join();
        let counts = fixture.counts();
        assert_eq!((counts.done, counts.skipped), (1, 1));
        assert_eq!(
            watch.ended_of("subscription"),
            [DeliveryStatus::Done, CANCELLED]
        );
    }
}

#[test]
fn once_reserves_its_call_when_it_is_queued_and_a_delivery_that_is_dropped_releases_it() {
    for is_async in [false, true] {
        let change = |mail: event_core::queue::QueueSettings| {
            mail.capacity(1).overflow(Overflow::DropOldest)
        };
        let (fixture, watch) = built(|builder| builder.configure(&MAIL, change));
        let (calls, journal) = (Arc::new(AtomicUsize::new(0)), Arc::new(Journal::default()));
        let once = counting(&fixture.dispatcher, (is_async, true), &calls);
        fixture.pause();
        assert_eq!(fixture.dispatcher.emit(tick(0)).handed_over(), 1);
        assert_eq!(
            fixture.dispatcher.emit(tick(1)).deliveries(),
            0,
            "the call is reserved"
        );
        assert!(once.is_active());
        // Another delivery takes the place of the one that has the call.
        let other = fixture.writing(false, &journal);
        fixture.dispatcher.emit(tick(2));
        assert_eq!(watch.ended_of("subscription"), [DeliveryStatus::Dropped]);
        other.cancel();
        fixture.resume_and_join();
        assert_eq!(calls.load(Ordering::Relaxed), 0);
        assert_eq!(fixture.dispatcher.emit(tick(3)).handed_over(), 1);
        fixture.resume_and_join();
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert!(!once.is_active());
        assert_eq!(fixture.dispatcher.emit(tick(4)).deliveries(), 0);
    }
}

#[test]
fn once_is_called_once_by_a_queue_under_eight_threads() {
    for is_async in [false, true] {
        let (fixture, _) =
            built(|builder| builder.configure(&MAIL, |mail| mail.consumers(3).capacity(4)));
        for _ in 0..50 {
            let calls = Arc::new(AtomicUsize::new(0));
            let _once = counting(&fixture.dispatcher, (is_async, true), &calls);
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| fixture.dispatcher.emit(tick(0)));
                }
            });
            fixture.resume_and_join();
            assert_eq!(calls.load(Ordering::Relaxed), 1);
            assert_eq!(Arc::strong_count(&calls), 1, "it is freed with its call");
        }
    }
}

#[test]
fn the_filter_and_the_last_event_are_asked_on_the_thread_of_the_emitter() {
    let (fixture, watch) = built(|builder| builder);
    let (asked, journal) = (
        Arc::new(Mutex::new(Vec::new())),
        Arc::new(Journal::default()),
    );
    let note = {
        let asked = asked.clone();
        move || {
            asked
                .lock()
                .expect("not poisoned")
                .push(thread::current().id());
        }
    };
    let also = note.clone();
    let guard = fixture
        .dispatcher
        .subscription_builder()
        .filter(move |event: &Ordered| {
            note();
            event.number != 1
        })
        .until(move |event: &Ordered| {
            also();
            event.number == 2
        })
        .queue(&MAIL)
        .subscribe({
            let journal = journal.clone();
            move |event: &Ordered| journal.write(event.number.to_string())
        });
    fixture.pause();
    for number in 0..4 {
        fixture.dispatcher.emit(tick(number));
    }
    assert!(!guard.is_active());
    let asked = asked.lock().expect("not poisoned").clone();
    assert_eq!(asked, vec![thread::current().id(); 5]);
    fixture.resume_and_join();
    assert_eq!(
        journal.take(),
        ["0", "2"],
        "what was queued before the end runs"
    );
    assert_eq!(watch.count(DeliveryStatus::Skipped(SkipReason::Filter)), 1);
    assert_eq!(
        fixture.counts().offered,
        2,
        "what is left out is not offered"
    );
}

#[test]
fn a_shutdown_drains_and_names_it_and_abandons_what_does_not_end() {
    for is_async in [false, true] {
        let (fixture, watch) = built(|builder| builder);
        let gate = Arc::new(Gate::default());
        let inner = gate.clone();
        let options = fixture.dispatcher.subscription_builder().queue(&MAIL);
        let _guard = if is_async {
            options.subscribe_async(move |_: Arc<Ordered>| {
                let gate = inner.clone();
                async move { gate.pass().await }
            })
        } else {
            options.subscribe(move |_: &Ordered| inner.pass_blocking())
        };
        for number in 0..3 {
            fixture.dispatcher.emit(tick(number));
        }
        gate.wait_for(1);
        let shutdown = fixture.dispatcher.shutdown(Duration::ZERO).blocking();
        let abandoned = shutdown.abandoned();
        assert_eq!(abandoned.len(), 1, "{shutdown:?}");
        assert!(abandoned[0].0.is_subscription());
        assert_eq!(abandoned[0].1, 3);
        assert_eq!(watch.count(DeliveryStatus::Abandoned), 2, "one still runs");
        gate.open_for_all();
    }
    let (fixture, _) = built(|builder| builder);
    let journal = Arc::new(Journal::default());
    let _guard = fixture.writing(false, &journal);
    fixture.pause();
    fixture.dispatcher.emit(tick(0));
    let shutdown = fixture.dispatcher.shutdown(LONG).blocking();
    assert!(shutdown.is_complete());
    let drained: Vec<_> = shutdown
        .drained()
        .iter()
        .map(|(handler, count)| (handler.is_subscription(), *count))
        .collect();
    assert_eq!(drained, [(true, 1)]);
    assert_eq!(journal.take(), ["0"]);
}

#[test]
fn settled_waits_for_it_and_for_what_it_causes() {
    let (fixture, _) = built(|builder| builder.queue(&OTHER));
    let seen = Arc::new(AtomicUsize::new(0));
    let options = || fixture.dispatcher.subscription_builder();
    let _causes = options()
        .queue(&MAIL)
        .subscribe(|event: &Ordered| Caused(event.number));
    let _ends = options().queue(&OTHER).subscribe_async({
        let seen = seen.clone();
        move |event: Arc<Caused>| {
            let seen = seen.clone();
            async move {
                tokio::task::yield_now().await;
                seen.fetch_add(event.0 as usize, Ordering::Relaxed);
            }
        }
    });
    for _ in 0..50 {
        let settled = fixture.dispatcher.settled();
        settled.emit_blocking(tick(1)).expect("no runtime here");
    }
    assert_eq!(seen.load(Ordering::Relaxed), 50);
}

#[test]
fn queues_whose_subscriptions_cause_events_for_each_other_do_not_wait_for_ever() {
    for is_async in [false, true] {
        let heard = Heard::default();
        let (fixture, _) = built(|builder| {
            builder
                .queue(&OTHER)
                .configure(&MAIL, |mail| mail.capacity(1))
                .configure(&OTHER, |other| other.capacity(1))
                .on_failure(heard.hook())
        });
        let options = |queue| fixture.dispatcher.subscription_builder().queue(queue);
        let next = |number: u32| (number < 6).then(|| (Caused(number + 1), Caused(number + 1)));
        let back = |number: u32| (tick(number), tick(number));
        let _guards = if is_async {
            [
                options(&MAIL)
                    .subscribe_async(move |event: Arc<Ordered>| async move { next(event.number) }),
                options(&OTHER)
                    .subscribe_async(move |event: Arc<Caused>| async move { back(event.0) }),
            ]
        } else {
            [
                options(&MAIL).subscribe(move |event: &Ordered| next(event.number)),
                options(&OTHER).subscribe(move |event: &Caused| back(event.0)),
            ]
        };
        fixture.dispatcher.emit(tick(0));
        let joined = fixture.dispatcher.join(LONG).blocking();
        joined.expect("no consumer waits for itself");
        assert!(!heard.take().is_empty(), "something was rejected");
    }
}

#[test]
fn a_handler_of_a_queue_does_not_wait_for_a_subscription_of_the_same_queue() {
    static LOOP: Queue = Queue::new("loop-of-subscriptions").capacity(1);

    #[handler(queue = LOOP)]
    fn causes(event: &Ordered) -> (Caused, Caused, Caused) {
        (
            Caused(event.number),
            Caused(event.number),
            Caused(event.number),
        )
    }

    let (runtime, heard) = (runtime(), Heard::default());
    let dispatcher = Dispatcher::empty()
        .handler(causes)
        .on_failure(heard.hook())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    let _guard = dispatcher
        .subscription_builder()
        .queue(&LOOP)
        .subscribe(|_: &Caused| {});
    dispatcher.emit(tick(0));
    let queue = dispatcher.queue(&LOOP).expect("named");
    assert!(
        queue.join_blocking(LONG),
        "the handler waits for its own consumer"
    );
    assert_eq!((queue.counts().done, queue.counts().rejected), (2, 2));
    assert_eq!(heard.take().len(), 2);
}

fn panic_of(act: impl FnOnce()) -> String {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let panicked = catch_unwind(AssertUnwindSafe(act));
    std::panic::set_hook(hook);
    let payload = panicked.expect_err("it panics");
    payload.downcast_ref::<String>().expect("a text").clone()
}

#[test]
fn a_queue_that_the_dispatcher_does_not_have_is_refused_where_it_is_named() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let text = panic_of(|| {
        let _ = dispatcher.subscription_builder().queue(&MAIL);
    });
    assert!(
        text.contains("names queue `mail-of-subscriptions`"),
        "{text}"
    );
    assert!(text.contains(".queue(…)"), "{text}");
}

#[test]
fn a_closure_that_may_block_is_refused_by_a_queue_of_tasks_unless_the_builder_names_it() {
    static TASKS: Queue = Queue::new("tasks-of-subscriptions");

    #[handler(queue = TASKS)]
    async fn takes_turns(_event: &Caused) {}

    let runtime = runtime();
    let builder = || {
        let builder = Dispatcher::empty().handler(takes_turns);
        builder.runtime(runtime.handle().clone())
    };
    let dispatcher = builder().build().expect("wired");
    let options = || dispatcher.subscription_builder().queue(&TASKS);
    let text = panic_of(|| drop(options().subscribe(|_: &Ordered| {})));
    assert!(
        text.contains("tasks serve queue `tasks-of-subscriptions`"),
        "{text}"
    );
    let names: Arc<Journal> = Arc::default();
    let note = |names: &Journal| names.write(thread::current().name().unwrap_or_default());
    let _async = options().subscribe_async({
        let names = names.clone();
        move |_: Arc<Ordered>| {
            note(&names);
            std::future::ready(())
        }
    });
    dispatcher.emit(tick(0));
    block_on(dispatcher.queue(&TASKS).expect("named").join());
    assert_eq!(names.take(), ["worker"]);

    let dispatcher = builder().queue(&TASKS).build().expect("wired");
    let _sync = dispatcher.subscription_builder().queue(&TASKS).subscribe({
        let names = names.clone();
        move |_: &Ordered| note(&names)
    });
    dispatcher.emit(tick(0));
    dispatcher.emit(Caused(0)); // The async handler runs there, too.
    assert!(dispatcher.queue(&TASKS).expect("named").join_blocking(LONG));
    assert_eq!(names.take(), ["tasks-of-subscriptions-0"]);
    assert_eq!(dispatcher.queue(&TASKS).expect("named").counts().done, 2);
}

#[test]
fn a_named_queue_needs_a_runtime_and_a_local_one_does_not() {
    let error = Dispatcher::empty()
        .queue(&MAIL)
        .build()
        .expect_err("no runtime");
    let text = error.to_string();
    assert!(text.contains("need a tokio runtime"), "{text}");
    assert!(text.contains("mail-of-subscriptions"), "{text}");
    let dispatcher = Dispatcher::empty()
        .queue(&UI)
        .build()
        .expect("no runtime is needed");
    let names: Vec<_> = dispatcher.queues().map(|queue| queue.name()).collect();
    assert_eq!(names, ["ui-of-subscriptions"]);
}

#[test]
fn it_stands_among_handlers_by_priority() {
    static LINE: Queue = Queue::new("line-of-subscriptions");

    #[handler(queue = LINE, priority = 1)]
    fn second(_event: &Ordered, journal: &Journal) {
        journal.write("second");
    }

    let (runtime, journal) = (runtime(), Arc::new(Journal::default()));
    let dispatcher = Dispatcher::empty()
        .handler(second)
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    let write = |line: &'static str| {
        let journal = journal.clone();
        move |_: &Ordered| journal.write(line)
    };
    let options = |priority| {
        let options = dispatcher.subscription_builder().queue(&LINE);
        options.priority(priority)
    };
    let _third = options(1).subscribe(write("third"));
    let _first = options(0).subscribe(write("first"));
    dispatcher.emit(tick(0));
    assert!(dispatcher.queue(&LINE).expect("named").join_blocking(LONG));
    assert_eq!(journal.take(), ["first", "second", "third"]);
}

// --- A model ---------------------------------------------------------------------------------

#[derive(Clone, Debug)]
enum Action {
    Subscribe {
        is_async: bool,
        once: bool,
        weak: bool,
    },
    Cancel(usize),
    EndTarget(usize),
    Emit,
    Pause,
    Run,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => any::<(bool, bool, bool)>()
            .prop_map(|(is_async, once, weak)| Action::Subscribe { is_async, once, weak }),
        2 => (0..5_usize).prop_map(Action::Cancel),
        1 => (0..5_usize).prop_map(Action::EndTarget),
        5 => Just(Action::Emit),
        2 => Just(Action::Pause),
        2 => Just(Action::Run),
    ]
}

/// A subscription, as it is and as it should be.
struct Modelled {
    guard: Option<Subscription>,
    target: Option<Arc<()>>,
    calls: Arc<AtomicUsize>,
    once: bool,
    is_over: bool,
    queued: usize,
    called: usize,
}

impl Modelled {
    fn new(dispatcher: &Dispatcher, is_async: bool, once: bool, weak: bool) -> Self {
        let (calls, target) = (Arc::new(AtomicUsize::new(0)), Arc::new(()));
        let options = dispatcher.subscription_builder().queue(&MAIL);
        let options = if once { options.once() } else { options };
        let guard = if weak {
            let counter = calls.clone();
            let options = options.weak(&target);
            if is_async {
                options.subscribe_async(move |_: Arc<()>, _: Arc<Ordered>| {
                    counter.fetch_add(1, Ordering::Relaxed);
                    std::future::ready(())
                })
            } else {
                options.subscribe(move |(): &(), _: &Ordered| {
                    counter.fetch_add(1, Ordering::Relaxed);
                })
            }
        } else {
            counting(dispatcher, (is_async, once), &calls)
        };
        Self {
            guard: Some(guard),
            target: weak.then_some(target),
            calls,
            once,
            is_over: false,
            queued: 0,
            called: 0,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn each_queued_delivery_ends_once_as_done_or_skipped(
        actions in prop::collection::vec(action(), 1..40),
    ) {
        let (fixture, watch) = built(|builder| {
            builder.configure(&MAIL, |mail| mail.capacity(1_000).consumers(2))
        });
        let mut all: Vec<Modelled> = Vec::new();
        let (mut done, mut skipped) = (0, 0);
        fixture.pause();
        for action in actions.into_iter().chain([Action::Run]) {
            match action {
                Action::Subscribe { is_async, once, weak } => {
                    all.push(Modelled::new(&fixture.dispatcher, is_async, once, weak));
                }
                Action::Cancel(at) => if let Some(one) = all.get_mut(at) {
                    one.is_over |= one.guard.take().is_some();
                },
                Action::EndTarget(at) => if let Some(one) = all.get_mut(at) {
                    one.is_over |= one.target.take().is_some();
                },
                Action::Emit => {
                    let mut expected = 0;
                    for one in all.iter_mut().filter(|one| !one.is_over) {
                        if !one.once || one.queued == 0 {
                            one.queued += 1;
                            expected += 1;
                        }
                    }
                    let report = fixture.dispatcher.emit(tick(0));
                    prop_assert_eq!(report.deliveries(), expected);
                }
                Action::Pause => fixture.pause(),
                Action::Run => {
                    fixture.resume_and_join();
                    fixture.pause();
                    for one in &mut all {
                        let ended = std::mem::take(&mut one.queued);
                        if one.is_over {
                            skipped += ended;
                        } else {
                            done += ended;
                            one.called += ended;
                            one.is_over |= one.once && ended > 0;
                        }
                        prop_assert_eq!(one.calls.load(Ordering::Relaxed), one.called);
                    }
                    let counts = fixture.counts();
                    prop_assert_eq!((counts.done, counts.skipped), (done as u64, skipped as u64));
                    prop_assert_eq!(counts.ended(), counts.offered);
                }
            }
        }
        watch.assert_each_ended_once();
        prop_assert_eq!(watch.count(CANCELLED), skipped);
        prop_assert_eq!(watch.count(DeliveryStatus::Done), done);
        for one in &mut all {
            // One whose target ended is removed with the next emission, or with its guard.
            if one.is_over {
                drop(one.guard.take());
                prop_assert_eq!(Arc::strong_count(&one.calls), 1, "its closure is freed");
            }
        }
    }
}
