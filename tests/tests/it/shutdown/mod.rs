//! How a dispatcher ends: what it still does, what it refuses, and what it says about it.

#![allow(
    clippy::unnecessary_wraps,
    reason = "handlers return what the test is about"
)]

mod account;
mod runtime_ended;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use event_core::error::EmitError;
use event_core::handler::HandlerInfo;
use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::report::Ended;
use event_core::{Dispatcher, DispatcherBuilder, DispatcherHandle, Event, PendingEvents, handler};
use event_tests::{Gate, Heard, Journal, Watch, idle, poll, short, until, until_async};

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
        .only(detached)
        .only(detached_behind)
        .only(by_task)
        .only(by_thread)
        .only(ships);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_drains_what_is_under_way_and_all_it_causes_and_counts_it() {
    let (dispatcher, scene) = all();
    for _ in 0..2 {
        assert_eq!(dispatcher.emit(Placed).handed_over(), 4);
    }
    let (shutdown, ()) = tokio::join!(dispatcher.shutdown(LONG), async {
        scene.gate.open_for_all();
    });
    assert!(shutdown.is_complete(), "{shutdown}");
    let lines = scene.lines();
    assert_eq!(lines.len(), 14, "{lines:?}");
    assert_eq!(lines.iter().filter(|line| *line == "shipped").count(), 6);
    assert_eq!(
        by_name(shutdown.drained()),
        named(&[
            ("by_task", 2),
            ("by_thread", 2),
            ("detached", 2),
            ("detached_behind", 2),
            ("ships", 6),
        ])
    );
    assert!(scene.heard.take().is_empty());
    scene.watch.assert_each_ended_once();
}

#[tokio::test]
async fn a_closed_dispatcher_takes_no_root_in_any_form_and_says_so() {
    let (dispatcher, scene) = all();
    assert!(dispatcher.shutdown(LONG).await.is_complete());
    let reports = [
        dispatcher.emit(Placed),
        dispatcher.emit_async(Placed).await,
        dispatcher.emit_async(Placed).shielded().await,
        dispatcher.emit_all([Placed].into_iter().collect()),
        dispatcher.with(7_u8).emit(Placed),
        dispatcher
            .try_emit(Placed)
            .expect_err("closed")
            .into_report(),
    ];
    for (at, report) in reports.into_iter().enumerate() {
        assert!(report.closed(), "form {at}");
        let counts = (report.deliveries(), report.events(), report.not_emitted());
        assert_eq!(counts, (0, 0, 1), "form {at}");
        let text = "`it::shutdown::Placed` was not emitted: the dispatcher is closed";
        assert_eq!(report.failures().len(), 1, "form {at}");
        assert_eq!(report.failures()[0].to_string(), text);
    }
    assert!(scene.lines().is_empty());
    assert_eq!(scene.watch.totals(), (0, 0));
}

#[derive(Event)]
struct Unheard;

#[tokio::test]
async fn a_closed_dispatcher_takes_no_event_that_nobody_handles_either() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    assert!(!dispatcher.emit(Unheard).closed());
    drop(dispatcher.subscribe(|_: &Unheard| {}));
    assert!(dispatcher.shutdown(LONG).await.is_complete());
    assert!(dispatcher.emit(Unheard).closed());
    assert!(dispatcher.emit_all(PendingEvents::default()).is_ok());
}

#[derive(Event)]
struct Draining;

#[handler]
async fn emits_while_draining(
    _event: &Draining,
    gate: &Gate,
    handle: &DispatcherHandle,
    journal: &Journal,
) {
    gate.pass().await;
    let dispatcher = handle.get().expect("alive");
    let reports = [
        dispatcher.emit(Unheard),
        dispatcher.emit_async(Unheard).await,
        dispatcher.emit_async(Unheard).shielded().await,
        dispatcher.with(7_u8).emit(Unheard),
    ];
    for report in reports {
        journal.write(format!("closed: {}", report.closed()));
    }
}

#[handler]
async fn hears(_event: &Unheard, journal: &Journal) {
    journal.write("heard");
}

#[tokio::test(start_paused = true)]
async fn while_it_drains_handlers_go_on_emitting_and_others_do_not() {
    let (builder, scene) = Scene::set();
    let handle = builder.handle();
    let dispatcher = builder
        .only(emits_while_draining)
        .only(hears)
        .provide(handle)
        .build()
        .expect("wired");
    dispatcher.emit(Draining);
    scene.gate.arrived(1).await;
    let mut shutdown = Box::pin(dispatcher.shutdown(LONG));
    assert!(tokio::select! {
        biased;
        _ = &mut shutdown => false,
        () = idle() => true,
    });
    assert!(dispatcher.emit(Unheard).closed());
    scene.gate.open_for_all();
    let shutdown = shutdown.await;
    assert!(shutdown.is_complete());
    let lines = scene.lines();
    assert_eq!(
        lines,
        [["closed: false"; 4], ["heard"; 4]].concat(),
        "{shutdown}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_runs_out_of_time_abandons_the_rest_by_handler() {
    let (builder, scene) = Scene::set();
    let builder = builder.only(detached).only(by_task).only(ships);
    let dispatcher = builder.build().expect("wired");
    for _ in 0..3 {
        dispatcher.emit(Placed);
    }
    dispatcher.emit(Shipped);
    idle().await;
    let shutdown = dispatcher.shutdown(Duration::from_secs(1)).await;
    assert!(!shutdown.is_complete());
    assert_eq!(
        by_name(shutdown.abandoned()),
        named(&[("by_task", 3), ("detached", 3)])
    );
    assert!(shutdown.drained().is_empty(), "{shutdown}");
    assert!(
        shutdown
            .to_string()
            .starts_with("0 drained, 6 abandoned, out of time\n")
    );
    idle().await;
    assert_eq!(scene.watch.count(Ended::Abandoned), 6);
    assert_eq!(scene.watch.count(Ended::Done), 1);
    assert_eq!(scene.watch.totals().1, 7);
    assert_eq!(scene.heard.take().len(), 6);
    assert_eq!(scene.lines(), ["shipped"]);
    scene.gate.open_for_all();
    idle().await;
    assert!(scene.lines().is_empty(), "it is over");
}

#[tokio::test(start_paused = true)]
async fn handlers_that_wait_for_each_other_are_abandoned_like_others() {
    let (builder, scene) = Scene::set();
    let builder = builder.only(detached).only(detached_behind);
    let dispatcher = builder.build().expect("wired");
    dispatcher.emit(Placed);
    idle().await;
    let shutdown = dispatcher.shutdown(Duration::from_secs(1)).await;
    assert_eq!(
        by_name(shutdown.abandoned()),
        named(&[("detached", 1), ("detached_behind", 1)])
    );
    idle().await;
    assert_eq!(scene.watch.count(Ended::Abandoned), 2);
    assert_eq!(scene.heard.take().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_has_nothing_to_do_has_nothing_to_abandon() {
    let (builder, scene) = Scene::set();
    let builder = builder.only(detached).only(by_task).only(by_thread);
    let dispatcher = builder.build().expect("wired");
    scene.gate.open(3);
    dispatcher.emit(Placed);
    dispatcher.queue(&TASKS).join().await;
    dispatcher.queue(&THREADS).join().await;
    idle().await;
    let guard = dispatcher.subscribe_async(|_: Arc<Unheard>| std::future::pending::<()>());
    dispatcher.emit(Unheard);
    let shutdown = dispatcher.shutdown(Duration::from_secs(1)).await;
    assert_eq!(by_name(shutdown.abandoned()), named(&[("subscription", 1)]));
    drop(guard);
}

#[tokio::test(start_paused = true)]
async fn a_second_shutdown_waits_for_the_first_and_tells_the_same() {
    let (dispatcher, scene) = all();
    dispatcher.emit(Placed);
    scene.gate.arrived(3).await;
    let (long, short_one) = tokio::join!(
        dispatcher.shutdown(LONG),
        dispatcher.shutdown(Duration::from_secs(1))
    );
    assert!(!short_one.is_complete());
    assert!(!long.is_complete(), "{long}");
    assert_eq!(by_name(long.abandoned()), by_name(short_one.abandoned()));
    let later = dispatcher.shutdown(LONG).await;
    assert_eq!(by_name(later.abandoned()), by_name(short_one.abandoned()));
    scene.gate.open_for_all();
}

#[test]
fn a_runtime_that_ends_during_a_shutdown_leaves_abandoned_deliveries_in_its_answer() {
    let (builder, scene) = Scene::set();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let builder = builder.only(detached).only(by_task).only(detached_behind);
    let builder = builder.runtime(runtime.handle().clone());
    let dispatcher = builder.build().expect("wired");
    dispatcher.emit(Placed);
    scene.gate.wait_for(2);
    let shutdown = std::thread::scope(|scope| {
        let shutdown = scope.spawn(|| dispatcher.shutdown_blocking(LONG));
        until("it is closed", || dispatcher.emit(Unheard).closed());
        drop(runtime);
        shutdown.join().expect("no panic")
    });
    assert_eq!(
        by_name(shutdown.abandoned()),
        named(&[("by_task", 1), ("detached", 1), ("detached_behind", 1)])
    );
    assert_eq!(scene.watch.count(Ended::Abandoned), 3);
}

#[test]
fn shutdown_ends_as_soon_as_the_last_delivery_has_ended() {
    let (builder, scene) = Scene::set();
    scene.gate.open_for_all();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("a runtime");
    let builder = builder.only(by_task).only(by_thread).only(detached);
    drop(builder);
    for round in 0..2_000 {
        let (builder, scene) = Scene::set();
        scene.gate.open_for_all();
        let builder = match round % 3 {
            0 => builder.only(by_task),
            1 => builder.only(by_thread),
            _ => builder.only(detached),
        };
        let builder = builder.runtime(runtime.handle().clone());
        let dispatcher = builder.build().expect("wired");
        dispatcher.emit(Placed);
        for _ in 0..(round % 50) * 20 {
            std::hint::spin_loop();
        }
        let shutdown = dispatcher.shutdown_blocking(Duration::from_secs(20));
        assert!(shutdown.is_complete(), "round {round}: {shutdown}");
        let counts = scene.watch.totals();
        assert_eq!(counts, (1, 1), "round {round}");
    }
}

#[test]
fn what_other_threads_emit_during_a_shutdown_is_drained_or_refused_and_never_lost() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for _ in 0..200 {
        let (builder, scene) = Scene::set();
        scene.gate.open_for_all();
        let dispatcher = builder
            .only(detached)
            .only(detached_behind)
            .only(by_task)
            .only(by_thread)
            .only(ships)
            .runtime(runtime.handle().clone())
            .build()
            .expect("wired");
        let (is_closed, handed) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !is_closed.load(Ordering::Relaxed) {
                        let report = dispatcher.emit(Placed);
                        if report.closed() {
                            is_closed.store(true, Ordering::Relaxed);
                        } else {
                            let taken = report.handed_over() + report.rejected();
                            assert_eq!(taken, 4, "{report}");
                            handed.fetch_add(taken, Ordering::Relaxed);
                        }
                    }
                });
            }
            let shutdown = dispatcher.shutdown_blocking(LONG);
            assert!(shutdown.is_complete(), "{shutdown}");
        });
        // What was handed over at the very moment of the close goes on to its end.
        drop(dispatcher);
        until("it has ended", || Arc::strong_count(&scene.watch) == 1);
        scene.watch.assert_each_ended_once();
        let ways = [Ended::Done, Ended::Rejected];
        let known: usize = ways.map(|way| scene.watch.count(way)).iter().sum();
        assert_eq!(scene.watch.totals().1, known);
        assert!(known >= handed.load(Ordering::Relaxed));
    }
}

#[tokio::test]
async fn dropping_the_last_dispatcher_drains_and_its_handles_are_gone_at_once() {
    let (dispatcher, scene) = all();
    let handle = dispatcher.handle();
    dispatcher.emit(Placed);
    scene.gate.arrived(3).await;
    let other = dispatcher.clone();
    drop(dispatcher);
    assert!(handle.get().is_ok());
    drop(other);
    assert!(matches!(handle.emit(Placed), Err(EmitError::Gone)));
    scene.gate.open_for_all();
    until_async("all seven have ended", || scene.watch.totals().1 == 7).await;
    assert_eq!(scene.lines().len(), 7);
    assert!(matches!(handle.get(), Err(EmitError::Gone)));
    assert_eq!(scene.watch.count(Ended::Done), 7);
    until_async("the dispatcher is freed", || {
        Arc::strong_count(&scene.gate) == 1
    })
    .await;
}

#[handler(queue = UI)]
fn shows(_event: &Shipped, shown: &mut Vec<&'static str>) {
    shown.push("shipped");
}

#[tokio::test(start_paused = true)]
async fn what_drains_into_a_queue_that_nobody_pumps_any_more_is_not_lost_silently() {
    let (builder, scene) = Scene::set();
    let builder = builder.only(detached).only(shows);
    let dispatcher = builder.build().expect("wired");
    dispatcher.emit(Shipped);
    dispatcher.emit(Placed);
    scene.gate.arrived(1).await;
    drop(dispatcher);
    assert_eq!(scene.watch.ended_of("shows"), [Ended::Abandoned]);
    scene.gate.open_for_all();
    idle().await;
    assert_eq!(
        scene.watch.ended_of("shows"),
        [Ended::Abandoned, Ended::Abandoned]
    );
    assert_eq!(scene.heard.take().len(), 2);
    assert_eq!(Arc::strong_count(&scene.gate), 1, "all of it has ended");
}

#[tokio::test]
async fn a_stream_ends_with_the_dispatcher_behind_what_it_holds() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let mut stream = dispatcher.stream::<Shipped>(4, Overflow::DropOldest);
    dispatcher.emit(Shipped);
    assert!(dispatcher.shutdown(LONG).await.is_complete());
    assert!(stream.next().await.is_some());
    assert!(stream.next().await.is_none());

    let dispatcher = Dispatcher::empty().build().expect("wired");
    let mut stream = dispatcher.stream::<Shipped>(4, Overflow::DropOldest);
    let mut next = Box::pin(stream.next());
    assert!(poll(&mut next).is_none());
    drop(dispatcher);
    assert!(next.await.is_none());

    let dispatcher = Dispatcher::empty().build().expect("wired");
    assert!(dispatcher.shutdown(LONG).await.is_complete());
    let mut stream = dispatcher.stream::<Shipped>(4, Overflow::DropOldest);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_stream_gets_what_draining_handlers_cause() {
    let (builder, scene) = Scene::set();
    let dispatcher = builder.only(detached).build().expect("wired");
    let mut stream = dispatcher.stream::<Shipped>(4, Overflow::DropOldest);
    dispatcher.emit(Placed);
    let (shutdown, ()) = tokio::join!(dispatcher.shutdown(LONG), async {
        scene.gate.open_for_all();
    });
    assert!(shutdown.is_complete());
    assert!(stream.next().await.is_some());
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn an_abandoned_shutdown_goes_on_draining() {
    let (dispatcher, scene) = all();
    dispatcher.emit(Placed);
    scene.gate.arrived(3).await;
    let mut shutdown = Box::pin(dispatcher.shutdown(LONG));
    assert!(poll(&mut shutdown).is_none());
    drop(shutdown);
    assert!(dispatcher.emit(Placed).closed());
    scene.gate.open_for_all();
    let shutdown = dispatcher.shutdown(LONG).await;
    assert!(shutdown.is_complete());
    assert_eq!(scene.lines().len(), 7);
}

#[test]
fn shutdown_works_on_another_runtime_when_its_own_has_ended() {
    let (builder, scene) = Scene::set();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let builder = builder.only(by_thread).runtime(runtime.handle().clone());
    let dispatcher = builder.build().expect("wired");
    dispatcher.emit(Placed);
    drop(runtime);
    let other = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let shutdown = other.block_on(dispatcher.shutdown(Duration::from_secs(1)));
    assert_eq!(by_name(shutdown.abandoned()), named(&[("by_thread", 1)]));
    scene.gate.open_for_all();
}

#[tokio::test]
async fn a_redelivery_to_a_closed_dispatcher_is_an_error_and_keeps_the_delivery() {
    let (builder, scene) = Scene::set();
    let builder = builder
        .only(by_task)
        .configure(&TASKS, |tasks| tasks.capacity(1));
    let dispatcher = builder.build().expect("wired");
    dispatcher.queue(&TASKS).pause();
    dispatcher.emit(Placed);
    let report = dispatcher.emit(Placed);
    scene.gate.open_for_all();
    assert!(dispatcher.shutdown(LONG).await.is_complete());
    let failure = &report.failures()[0];
    let closed = Err(event_core::error::RedeliverError::Closed);
    assert_eq!(failure.redeliver().await, closed);
    assert_eq!(failure.redeliver().await, closed);
    assert_eq!(
        scene.watch.ended_of("by_task"),
        [Ended::Rejected, Ended::Done]
    );
}
