//! Recorded events that are emitted together, as a task does: `emit_all_async`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use event_core::queue::{Overflow, Queue};
use event_core::report::DeliveryStatus;
use event_core::{
    Context, Dispatcher, Emitter, Event, PendingEvents, Report, dispatcher::DispatcherHandle,
    handler,
};
use event_tests::{Gate, Heard, Journal, Watch, idle, poll, quiet_panic};

#[derive(Event)]
struct Saved(u8);

#[derive(Event)]
struct Told(u8);

#[handler]
fn inline(event: &Saved, journal: &Journal) {
    journal.write(format!("{} inline", event.0));
}

#[handler]
async fn tells(event: &Saved, journal: &Journal) -> Told {
    journal.write(format!("{} begins", event.0));
    tokio::task::yield_now().await;
    journal.write(format!("{} ends", event.0));
    Told(event.0)
}

#[handler]
async fn hears(event: &Told, journal: &Journal) {
    journal.write(format!("{} told", event.0));
}

fn saved(numbers: impl IntoIterator<Item = u8>) -> PendingEvents {
    numbers.into_iter().map(Saved).collect()
}

fn telling() -> (Dispatcher, Arc<Journal>) {
    let journal = Arc::new(Journal::default());
    let builder = Dispatcher::empty()
        .handler(inline)
        .handler(tells)
        .handler(hears);
    let builder = builder.provide_arc(journal.clone());
    (builder.build().expect("wired"), journal)
}

#[tokio::test]
async fn each_recorded_event_has_all_its_handlers_before_the_next_one_and_all_before_their_effects()
{
    let (dispatcher, journal) = telling();
    let report = dispatcher.emit_async(saved([1, 2])).await;
    assert_eq!(
        journal.take(),
        [
            "1 inline", "1 begins", "1 ends", "2 inline", "2 begins", "2 ends", "1 told", "2 told"
        ]
    );
    assert_eq!((report.events(), report.done()), (4, 6));
    let told: Vec<u8> = report.returned::<Told>().map(|(_, told)| told.0).collect();
    assert_eq!(told, [1, 2]);
}

#[tokio::test]
async fn nothing_happens_before_the_first_poll_and_what_is_never_polled_never_happens() {
    let (dispatcher, journal) = telling();
    drop(dispatcher.emit_async(saved([1])));
    assert!(journal.take().is_empty());
}

#[tokio::test]
async fn an_empty_list_is_a_report_of_nothing_in_every_form() {
    let (dispatcher, _) = telling();
    let empty = |report: Report| (report.events(), report.deliveries(), report.is_ok());
    let nothing = (0, 0, true);
    assert_eq!(empty(dispatcher.emit_async(saved([])).await), nothing);
    let shielded = dispatcher.emit_async(saved([])).spawned();
    assert_eq!(empty(shielded.await), nothing);
    let with = dispatcher.with(7_u8);
    assert_eq!(empty(with.emit(saved([]))), nothing);
    assert_eq!(empty(with.emit_async(saved([])).await), nothing);
}

#[tokio::test]
async fn a_closed_dispatcher_takes_none_of_them_and_counts_each() {
    let (dispatcher, journal) = telling();
    assert!(
        dispatcher
            .shutdown(Duration::from_mins(1))
            .await
            .is_complete()
    );
    let with = dispatcher.with(7_u8);
    let reports = [
        dispatcher.emit_async(saved([1, 2, 3])).await,
        dispatcher.emit_async(saved([1, 2, 3])).spawned().await,
        with.emit(saved([1, 2, 3])),
        with.emit_async(saved([1, 2, 3])).await,
    ];
    for (at, report) in reports.into_iter().enumerate() {
        assert!(report.closed(), "form {at}");
        let counts = (report.events(), report.not_emitted());
        assert_eq!(counts, (0, 3), "form {at}");
        let text = "`it::pending::emit_all_async::Saved` was not emitted: the dispatcher is closed";
        assert_eq!(report.failures().len(), 1, "form {at}");
        assert_eq!(report.failures()[0].to_string(), text);
    }
    assert!(journal.take().is_empty());
}

static NARROW: Queue = Queue::new("narrow").capacity(1).overflow(Overflow::Wait);

#[handler(queue = NARROW)]
async fn queued(event: &Saved, journal: &Journal) {
    journal.write(format!("{} queued", event.0));
}

#[tokio::test]
async fn it_waits_for_room_where_emit_all_is_refused() {
    let journal = Arc::new(Journal::default());
    let builder = Dispatcher::empty().handler(queued);
    let dispatcher = builder.provide_arc(journal.clone()).build().expect("wired");
    let queue = dispatcher.queue(&NARROW).expect("a handler names it");

    queue.pause();
    assert_eq!(dispatcher.emit(saved([1, 2, 3])).rejected(), 2);
    let mut waiting = Box::pin(dispatcher.emit_async(saved([4, 5])));
    assert!(poll(&mut waiting).is_none(), "the queue is full");
    queue.resume();
    let report = waiting.await;
    assert_eq!((report.handed_over(), report.rejected()), (2, 0));
    queue.join().await;
    assert_eq!(journal.take(), ["1 queued", "4 queued", "5 queued"]);
}

#[handler]
async fn held(event: &Saved, gate: &Gate, journal: &Journal, emitter: Emitter<Told>) {
    emitter.emit_after(Told(event.0));
    gate.pass().await;
    journal.write(format!("{} held", event.0));
}

struct Holding {
    gate: Arc<Gate>,
    journal: Arc<Journal>,
    watch: Arc<Watch>,
    heard: Heard,
}

fn holding() -> (Dispatcher, Holding) {
    let holding = Holding {
        gate: Arc::default(),
        journal: Arc::default(),
        watch: Arc::default(),
        heard: Heard::default(),
    };
    let builder = Dispatcher::empty()
        .handler(held)
        .provide_arc(holding.gate.clone())
        .provide_arc(holding.journal.clone())
        .observe(holding.watch.clone())
        .on_failure(holding.heard.hook());
    (builder.build().expect("wired"), holding)
}

#[tokio::test]
async fn dropped_midway_it_says_how_much_was_cancelled_and_not_emitted() {
    let (dispatcher, holding) = holding();
    let mut emission = Box::pin(dispatcher.emit_async(saved([1, 2, 3])));
    assert!(poll(&mut emission).is_none());
    drop(emission);
    holding.watch.assert_each_ended_once();
    assert_eq!(holding.watch.ended_of("held"), [DeliveryStatus::Cancelled]);
    let heard = holding.heard.take();
    assert_eq!(heard.len(), 1, "{heard:?}");
    // Two that were recorded, and the one that the cancelled handler had emitted.
    let expected = "1 delivery cancelled, 3 caused events not emitted";
    assert!(
        heard[0].contains("`it::pending::emit_all_async::Saved`"),
        "{heard:?}"
    );
    assert!(heard[0].contains(expected), "{heard:?}");
}

#[tokio::test]
async fn shielded_it_goes_on_without_whoever_waited_and_a_shutdown_waits_for_it() {
    let (dispatcher, holding) = holding();
    drop(dispatcher.emit_async(saved([1, 2])).spawned());
    holding.gate.arrived(1).await;
    let (shutdown, ()) = tokio::join!(dispatcher.shutdown(Duration::from_mins(1)), async {
        holding.gate.open_for_all();
    });
    assert!(shutdown.is_complete(), "{shutdown}");
    assert_eq!(holding.journal.take(), ["1 held", "2 held"]);
    assert!(holding.heard.take().is_empty());
}

/// Panics in its `Drop`.
#[derive(Event)]
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        quiet_panic();
    }
}

#[handler]
async fn holds_it(_event: &Grenade) {
    tokio::task::yield_now().await;
}

#[tokio::test]
async fn an_event_whose_drop_panics_after_its_async_handlers_is_a_failure_in_the_report() {
    let dispatcher = Dispatcher::empty()
        .handler(holds_it)
        .build()
        .expect("wired");
    let report = dispatcher
        .emit_async([Grenade].into_iter().collect::<PendingEvents>())
        .await;
    assert_eq!(report.done(), 1);
    assert_eq!(report.failures().len(), 1, "{report}");
    assert_eq!(report.failures()[0].panic_message(), Some("on purpose"));
}

#[handler]
async fn who_was_it(event: &Saved, tenant: Context<&'static str>, journal: &Journal) {
    journal.write(format!("{} by {}", event.0, *tenant));
}

#[tokio::test(start_paused = true)]
async fn what_an_emitter_gives_along_reaches_the_handlers_of_all_recorded_events() {
    let journal = Arc::new(Journal::default());
    let builder = Dispatcher::empty().handler(who_was_it);
    let dispatcher = builder.provide_arc(journal.clone()).build().expect("wired");
    let north = dispatcher.with("north");
    assert_eq!(north.emit_async(saved([1, 2])).await.done(), 2);
    assert_eq!(journal.take(), ["1 by north", "2 by north"]);
    assert_eq!(north.emit(saved([3])).handed_over(), 1);
    idle().await;
    assert_eq!(journal.take(), ["3 by north"]);
}

#[derive(Debug, Default)]
struct Calls(AtomicUsize);

#[handler]
async fn saves_again(event: &Saved, handle: &DispatcherHandle, calls: &Calls) {
    calls.0.fetch_add(1, Ordering::Relaxed);
    let dispatcher = handle.get().expect("alive");
    let pending = saved([event.0]);
    dispatcher.emit_async(pending).spawned().await;
}

#[tokio::test]
async fn a_handler_that_records_its_own_event_again_ends_at_the_depth_limit() {
    let builder = Dispatcher::empty().handler(saves_again).depth_limit(9);
    let (handle, calls) = (builder.handle(), Arc::new(Calls::default()));
    let dispatcher = builder
        .provide(handle)
        .provide_arc(calls.clone())
        .build()
        .expect("wired");
    dispatcher.emit_async(saved([1])).await;
    assert_eq!(calls.0.load(Ordering::Relaxed), 10);
}
