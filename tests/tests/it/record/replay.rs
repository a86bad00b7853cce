//! A replayed event is handled, and what its handlers cause is discarded, wherever they run.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::wire::Envelope;
use event_core::{
    Dispatcher, DispatcherBuilder, DispatcherHandle, Emitter, Event, PendingEvents, handler,
};
use event_tests::{Gate, Heard, Journal, envelope, poll, quiet_panic, read, record};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "replay.ordered", wire)]
struct Ordered(u8);

#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
#[event(name = "replay.reserved", wire)]
struct Reserved(u8);

/// No record can have it.
#[derive(Event)]
struct Shown;

const LONG: Duration = Duration::from_mins(1);

fn journal(builder: DispatcherBuilder) -> (Dispatcher, Arc<Journal>) {
    let journal = Arc::new(Journal::default());
    let dispatcher = builder.provide_arc(Arc::clone(&journal)).build();
    (dispatcher.expect("wired"), journal)
}

#[handler]
fn on_reserved(event: &Reserved, journal: &Journal) {
    journal.write(format!("reserved {}", event.0));
}

// --- Inline ----------------------------------------------------------------------------------

#[handler]
fn a_returns(event: &Ordered) -> (Reserved, Option<Reserved>) {
    (Reserved(event.0), Some(Reserved(event.0 + 1)))
}

#[handler]
fn b_emits(event: &Ordered, emitter: Emitter<Reserved>) -> Reserved {
    emitter.emit(Reserved(event.0 + 2));
    Reserved(event.0 + 3)
}

#[handler]
fn c_emits_and_fails(_event: &Ordered, emitter: Emitter<Reserved>) -> Result<Reserved, String> {
    emitter.emit(Reserved(5));
    Err("no".to_owned())
}

#[handler]
fn d_emits_and_panics(_event: &Ordered, emitter: Emitter<Reserved>) {
    emitter.emit(Reserved(6));
    quiet_panic()
}

fn inline() -> DispatcherBuilder {
    Dispatcher::empty()
        .only(a_returns)
        .only(b_emits)
        .only(on_reserved)
}

#[test]
fn what_inline_handlers_cause_is_discarded_counted_and_in_the_report() {
    let (dispatcher, journal) = journal(inline());
    let report = dispatcher.replay(&envelope(Ordered(1)));
    assert!(report.is_ok(), "{report}");
    assert_eq!((report.events(), report.done()), (1, 2));
    assert_eq!((report.discarded(), report.not_emitted()), (4, 0));
    let returned: Vec<_> = report.returned::<Reserved>().map(|(_, it)| it.0).collect();
    assert_eq!(returned, [1, 2, 3, 4]);
    assert_eq!(report.to_string(), "1 event: 2 done, 4 discarded");
    assert_eq!(dispatcher.discarded(), 4);
    assert_eq!(journal.take(), [""; 0]);
}

#[test]
fn what_a_handler_caused_that_then_fails_or_panics_is_discarded_too() {
    let (dispatcher, journal) = journal(
        Dispatcher::empty()
            .only(c_emits_and_fails)
            .only(d_emits_and_panics)
            .only(on_reserved),
    );
    let report = dispatcher.replay(&envelope(Ordered(1)));
    assert_eq!((report.failed(), report.panicked()), (1, 1));
    assert_eq!((report.failures().len(), report.discarded()), (2, 2));
    assert_eq!(journal.take(), [""; 0]);
}

#[test]
fn an_emit_or_a_delivery_causes_what_it_always_did_also_after_a_replay() {
    let (dispatcher, journal) = journal(inline());
    let ordered = envelope(Ordered(1));
    dispatcher.replay(&ordered);
    let deliver = || dispatcher.deliver(&ordered);
    let emit = || dispatcher.emit(Ordered(1));
    for report in [emit(), deliver(), emit()] {
        assert_eq!((report.events(), report.discarded()), (5, 0), "{report}");
    }
    assert_eq!(journal.take().len(), 3 * 4);
    assert_eq!(dispatcher.discarded(), 4);
}

#[test]
fn a_replayed_event_keeps_its_identity_so_the_record_of_a_replay_is_the_record() {
    let (first, _) = journal(inline());
    let all = record(&first, || drop(first.emit(Ordered(1))));
    let events = read(&all);
    let [root, caused @ ..] = &*events else {
        panic!("a root")
    };
    let parent = Some(root.meta().id());
    assert_eq!(caused.len(), 4);
    assert!(caused.iter().all(|it| it.meta().causation() == parent));

    let (second, _) = journal(inline());
    let again = record(&second, || {
        for event in &events {
            second.replay(event);
        }
    });
    assert_eq!(again, all);
}

#[test]
fn what_a_subscription_causes_is_discarded() {
    let (dispatcher, journal) = journal(Dispatcher::empty().only(on_reserved));
    let _subscription = dispatcher.subscribe(|event: &Ordered| Reserved(event.0));
    let _once = dispatcher
        .subscription()
        .once()
        .subscribe(|event: &Ordered| vec![Reserved(event.0), Reserved(event.0)]);
    assert_eq!(dispatcher.replay(&envelope(Ordered(1))).discarded(), 3);
    assert_eq!(dispatcher.replay(&envelope(Ordered(1))).discarded(), 1);
    assert_eq!(journal.take(), [""; 0]);
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "replay.key_pressed", wire, stoppable)]
struct KeyPressed;

#[handler]
fn a_stops(_event: &KeyPressed, emitter: Emitter<Reserved>) -> ControlFlow<()> {
    emitter.emit(Reserved(1));
    ControlFlow::Break(())
}

#[handler]
fn b_is_skipped(_event: &KeyPressed) -> Reserved {
    Reserved(2)
}

#[test]
fn a_handler_that_stops_an_emission_stops_its_replay() {
    let (dispatcher, journal) = journal(
        Dispatcher::empty()
            .only(a_stops)
            .only(b_is_skipped)
            .only(on_reserved),
    );
    let report = dispatcher.replay(&envelope(KeyPressed));
    assert_eq!((report.skipped(), report.discarded()), (1, 1));
    assert!(report.stopped_by().is_some());
    assert_eq!(journal.take(), [""; 0]);
}

// --- Later -----------------------------------------------------------------------------------

#[derive(Event, Serialize, Deserialize)]
#[event(name = "replay.sent", wire)]
struct Sent;

#[handler]
async fn a_lands_last(_event: &Sent, gate: &Gate) -> Reserved {
    gate.pass().await;
    Reserved(1)
}

#[handler]
async fn b_lands_first(_event: &Sent, emitter: Emitter<Reserved>, gate: &Gate) {
    emitter.emit(Reserved(2));
    gate.open(1);
}

#[test]
fn what_async_handlers_cause_is_discarded_and_reported_in_their_order() {
    let (dispatcher, journal) = journal(
        Dispatcher::empty()
            .only(a_lands_last)
            .only(b_lands_first)
            .only(on_reserved)
            .provide(Gate::default())
            .runtime(event_tests::runtime().handle().clone()),
    );
    let late = dispatcher.subscribe_async(|_: Arc<Sent>| async { Reserved(3) });
    let report = pollster::block_on(dispatcher.replay_async(&envelope(Sent)));
    assert!(report.is_ok(), "{report}");
    assert_eq!((report.done(), report.discarded()), (3, 3));
    let returned: Vec<_> = report.returned::<Reserved>().map(|(_, it)| it.0).collect();
    assert_eq!(returned, [1, 2, 3]);
    assert_eq!(journal.take(), [""; 0]);
    drop(late);
}

static THREADS: Queue = Queue::new("replay-threads")
    .capacity(1)
    .overflow(Overflow::Wait);
static TASKS: Queue = Queue::new("replay-tasks");
static PUMPED: LocalQueue<Vec<u8>> = LocalQueue::new("replay-pumped");

#[derive(Event, Serialize, Deserialize)]
#[event(name = "replay.queued", wire)]
struct Queued;

#[handler(queue = THREADS)]
fn on_a_thread(_event: &Queued, emitter: Emitter<Reserved>) -> Reserved {
    emitter.emit(Reserved(1));
    Reserved(2)
}

#[handler(queue = THREADS)]
async fn on_a_thread_too(_event: &Queued) -> Reserved {
    tokio::task::yield_now().await;
    Reserved(3)
}

#[handler(queue = TASKS)]
async fn in_a_task(_event: &Queued) -> Reserved {
    Reserved(4)
}

#[handler(queue = PUMPED)]
fn where_it_is_pumped(_event: &Queued, owned: &mut Vec<u8>) -> Reserved {
    owned.push(5);
    Reserved(5)
}

#[handler]
async fn detached(_event: &Queued) -> Reserved {
    tokio::task::yield_now().await;
    Reserved(6)
}

#[handler]
async fn detached_and_ready(_event: &Queued) -> Reserved {
    Reserved(7)
}

#[handler(after = detached)]
async fn detached_and_ordered(_event: &Queued) -> Reserved {
    Reserved(8)
}

#[test]
fn what_queued_pumped_and_detached_handlers_cause_is_discarded_and_counted() {
    let (runtime, heard) = (event_tests::runtime(), Heard::default());
    let (dispatcher, journal) = journal(
        Dispatcher::empty()
            .only(on_a_thread)
            .only(on_a_thread_too)
            .only(in_a_task)
            .only(where_it_is_pumped)
            .only(detached)
            .only(detached_and_ready)
            .only(detached_and_ordered)
            .only(on_reserved)
            .runtime(runtime.handle().clone())
            .on_failure(heard.hook()),
    );
    let late = dispatcher.subscribe_async(|_: Arc<Queued>| async { Reserved(9) });
    let mut stream = dispatcher.stream::<Queued>(10, Overflow::Reject);
    // Room for one, and two handlers: it waits.
    let report = dispatcher
        .replay_blocking(&envelope(Queued))
        .expect("a plain thread");
    assert!(report.is_ok(), "{report}");
    assert_eq!((report.handed_over(), report.discarded()), (9, 0));

    let mut owned = Vec::new();
    assert_eq!(dispatcher.pump(&PUMPED, &mut owned), 1);
    assert_eq!(owned, [5]);
    assert!(stream.try_next().is_some());
    assert!(dispatcher.shutdown_blocking(LONG).is_complete());
    drop(late);
    assert_eq!(dispatcher.discarded(), 9);
    assert_eq!(journal.take(), [""; 0]);
    assert_eq!(heard.take(), [""; 0]);
}

#[test]
fn a_replay_that_may_not_wait_reports_what_found_no_room_and_a_task_may_not_block() {
    let runtime = event_tests::runtime();
    let builder = Dispatcher::empty().only(on_a_thread).only(on_a_thread_too);
    let dispatcher = builder.runtime(runtime.handle().clone()).build();
    let dispatcher = dispatcher.expect("wired");
    dispatcher.queue(&THREADS).pause();
    let queued = envelope(Queued);
    let report = dispatcher.replay(&queued);
    assert_eq!((report.handed_over(), report.rejected()), (1, 1));
    // Redelivered, it is still replayed.
    dispatcher.queue(&THREADS).resume();
    report.failures()[0].redeliver_blocking().expect("room");
    assert!(dispatcher.queue(&THREADS).join_blocking(LONG));
    assert_eq!(dispatcher.discarded(), 3);

    let inside = runtime.block_on(async { dispatcher.replay_blocking(&queued) });
    let error = inside.expect_err("inside of a runtime").to_string();
    assert!(
        error.starts_with("`replay_blocking` inside of a runtime"),
        "{error}"
    );
    assert!(error.contains("use `replay_async(…).await`"), "{error}");
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "replay.stuck", wire)]
struct Stuck;

#[handler]
async fn never_ends(_event: &Stuck, emitter: Emitter<Reserved>, gate: &Gate) {
    emitter.emit(Reserved(1));
    gate.pass().await;
}

#[handler]
fn returns_before(_event: &Stuck) -> Reserved {
    Reserved(2)
}

/// With a gate that stays shut.
fn stuck(builder: DispatcherBuilder) -> (Dispatcher, Arc<Gate>, Heard, Arc<Journal>) {
    let (gate, heard) = (Arc::new(Gate::default()), Heard::default());
    let builder = builder.only(never_ends).only(on_reserved);
    let builder = builder.provide_arc(Arc::clone(&gate));
    let (dispatcher, journal) = journal(builder.on_failure(heard.hook()));
    (dispatcher, gate, heard, journal)
}

#[test]
fn a_replay_that_is_dropped_midway_is_cancelled_and_loses_no_event() {
    let runtime = event_tests::runtime();
    let builder = Dispatcher::empty().only(returns_before);
    let (dispatcher, _gate, heard, journal) = stuck(builder.runtime(runtime.handle().clone()));
    let event = envelope(Stuck);
    let mut replay = Box::pin(dispatcher.replay_async(&event));
    assert!(poll(&mut replay).is_none());
    drop(replay);
    let [said] = <[_; 1]>::try_from(heard.take()).expect("one failure");
    let lost = "1 deliveries cancelled, 0 caused events not emitted";
    assert!(said.contains(lost), "{said}");
    assert_eq!(dispatcher.discarded(), 2);
    assert_eq!(journal.take(), [""; 0]);
}

#[test]
fn a_task_of_a_replay_that_ends_with_its_runtime_is_abandoned_and_loses_no_event() {
    let runtime = event_tests::runtime();
    let builder = Dispatcher::empty().runtime(runtime.handle().clone());
    let (dispatcher, gate, heard, journal) = stuck(builder);
    dispatcher.replay(&envelope(Stuck));
    gate.wait_for(1);
    drop(runtime);
    let [said] = <[_; 1]>::try_from(heard.take()).expect("one failure");
    assert!(said.starts_with("`replay.stuck` was abandoned"), "{said}");
    assert_eq!(dispatcher.discarded(), 1);
    assert_eq!(journal.take(), [""; 0]);
}

#[test]
fn a_replay_into_a_closed_dispatcher_or_beyond_its_depth_says_so() {
    let dispatcher = inline().provide(Journal::default()).depth_limit(0).build();
    let dispatcher = dispatcher.expect("wired");
    let source = inline().provide(Journal::default()).build().expect("wired");
    let record = record(&source, || drop(source.emit(Ordered(1))));
    let [root, caused, ..] = &*read(&record) else {
        panic!("more than a root")
    };
    let report = dispatcher.replay(caused);
    assert_eq!((report.events(), report.not_emitted()), (0, 1), "{report}");
    assert_eq!(report.failures().len(), 1);

    assert!(dispatcher.shutdown_blocking(LONG).is_complete());
    assert!(dispatcher.replay(root).closed());
}

// --- Emits of the handlers' own --------------------------------------------------------------

#[derive(Event, Serialize, Deserialize)]
#[event(name = "replay.nests", wire)]
struct Nests;

/// What one emit inside of a handler answers: events, discarded, failures.
type Answer = (usize, usize, usize);

#[derive(Default)]
struct Answers(Mutex<Vec<Answer>>);

impl Answers {
    fn add(&self, report: &event_core::Report) {
        let answer = (report.events(), report.discarded(), report.failures().len());
        self.0.lock().expect("no panic").push(answer);
    }

    fn take(&self) -> Vec<Answer> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

/// What other code gives the handlers.
struct Others {
    envelope: Envelope,
}

#[handler]
fn emits_in_every_way(
    _event: &Nests,
    handle: &DispatcherHandle,
    answers: &Answers,
    others: &Others,
) {
    let dispatcher = handle.get().expect("it lives");
    answers.add(&dispatcher.emit(Reserved(1)));
    answers.add(&dispatcher.try_emit(Reserved(2)).expect("no failure"));
    answers.add(&dispatcher.emit_blocking(Reserved(3)).expect("no runtime"));
    answers.add(&dispatcher.with(()).emit(Reserved(4)));
    answers.add(&handle.emit(Reserved(5)).expect("it lives"));
    answers.add(&dispatcher.deliver(&others.envelope));
    answers.add(&dispatcher.replay(&others.envelope));
    {
        let _entered = dispatcher.enter();
        answers.add(&event_core::emit(Reserved(6)).expect("entered"));
    }
    let pending: PendingEvents = (0..3).map(Reserved).collect();
    answers.add(&dispatcher.emit_all(pending));
    let pending: PendingEvents = (0..3).map(Reserved).collect();
    answers.add(&dispatcher.with(()).emit_all(pending));
    let mut mixed = PendingEvents::new();
    mixed.record(Reserved(7));
    mixed.record(Shown);
    answers.add(&dispatcher.emit_all(mixed));
}

fn nesting(builder: DispatcherBuilder) -> (Dispatcher, Arc<Answers>, Arc<Journal>) {
    let answers = Arc::new(Answers::default());
    let handle = builder.handle();
    let builder = builder.provide(handle).provide_arc(Arc::clone(&answers));
    let (dispatcher, journal) = journal(builder.only(on_reserved).only(on_shown));
    (dispatcher, answers, journal)
}

#[handler]
fn on_shown(_event: &Shown, journal: &Journal) -> Reserved {
    journal.write("shown");
    Reserved(10)
}

#[test]
fn what_a_handler_emits_itself_is_discarded_in_every_form() {
    let others = Others {
        envelope: envelope(Reserved(9)),
    };
    let (dispatcher, answers, journal) =
        nesting(Dispatcher::empty().only(emits_in_every_way).provide(others));
    let report = dispatcher.replay(&envelope(Nests));
    assert_eq!((report.is_ok(), report.discarded()), (true, 0));
    // The last has an event that is not `wire`, and what its handler returns.
    let mut expected = vec![(0, 1, 0); 8];
    expected.extend([(0, 3, 0), (0, 3, 0), (1, 2, 0)]);
    assert_eq!(answers.take(), expected);
    assert_eq!(journal.take(), ["shown"]);
    assert_eq!(dispatcher.discarded(), 8 + 2 * 3 + 2);

    dispatcher.emit(Nests);
    let events: usize = answers.take().iter().map(|(events, ..)| events).sum();
    assert_eq!(
        events,
        8 + 2 * 3 + 3,
        "each is emitted, and `Shown` causes one"
    );
}

static NESTING: Queue = Queue::new("replay-nesting");

#[handler(queue = NESTING)]
fn emits_on_a_thread(_event: &Nests, handle: &DispatcherHandle, answers: &Answers) {
    answers.add(&handle.emit(Reserved(1)).expect("it lives"));
}

#[handler]
async fn emits_after_a_while(_event: &Nests, handle: &DispatcherHandle, answers: &Answers) {
    tokio::task::yield_now().await;
    let dispatcher = handle.get().expect("it lives");
    answers.add(&dispatcher.emit(Reserved(2)));
    answers.add(&dispatcher.emit_async(Reserved(3)).await);
    answers.add(&dispatcher.emit_async(Reserved(4)).shielded().await);
    let pending: PendingEvents = [Reserved(7)].into_iter().collect();
    answers.add(&dispatcher.emit_all_async(pending).await);
}

#[handler]
async fn emits_as_it_starts(_event: &Nests, handle: &DispatcherHandle, answers: &Answers) {
    answers.add(&handle.emit(Reserved(6)).expect("it lives"));
}

fn asks_by_emitting(_event: &Nests) -> bool {
    event_core::emit(Reserved(5)).is_ok_and(|report| report.discarded() == 1)
}

#[handler(filter = asks_by_emitting)]
fn filtered(_event: &Nests, journal: &Journal) {
    journal.write("filter");
}

#[handler(filter = asks_by_emitting)]
async fn filtered_later(_event: &Nests, journal: &Journal) {
    journal.write("filter");
}

#[test]
fn the_same_holds_on_threads_of_queues_in_async_handlers_and_in_filters() {
    let runtime = event_tests::runtime();
    let (dispatcher, answers, journal) = nesting(
        Dispatcher::empty()
            .only(emits_on_a_thread)
            .only(emits_after_a_while)
            .only(emits_as_it_starts)
            .only(filtered)
            .only(filtered_later)
            .runtime(runtime.handle().clone()),
    );
    let _entered = dispatcher.enter();
    let nests = envelope(Nests);
    pollster::block_on(dispatcher.replay_async(&nests));
    assert!(dispatcher.queue(&NESTING).join_blocking(LONG));
    assert_eq!(
        (answers.take(), dispatcher.discarded()),
        (vec![(0, 1, 0); 6], 8)
    );
    assert_eq!(journal.take(), ["filter"; 2]);

    dispatcher.replay(&nests);
    assert!(dispatcher.shutdown_blocking(LONG).is_complete());
    assert_eq!(
        (answers.take(), dispatcher.discarded()),
        (vec![(0, 1, 0); 6], 16)
    );
    assert_eq!(journal.take(), ["filter"; 2]);
}

struct Bridge(Dispatcher);

#[handler]
fn crosses(event: &Ordered, bridge: &Bridge) {
    bridge.0.emit(Reserved(event.0));
}

#[test]
fn another_dispatcher_is_told_and_what_comes_back_from_it_is_discarded() {
    let builder = Dispatcher::empty().only(crosses).only(on_reserved);
    let handle = builder.handle();
    let (there, told) = journal(Dispatcher::empty().only(on_reserved));
    there
        .subscribe(move |event: &Reserved| {
            let back = handle.emit(Reserved(event.0 + 1)).expect("it lives");
            assert_eq!(back.discarded(), 1);
        })
        .detach();
    // Also where the other one replays, too: the outer replay goes on around it.
    let (inner, other) = (envelope(Reserved(7)), there.clone());
    let (here, untold) = journal(builder.provide(Bridge(there)));
    here.subscribe(move |_: &Ordered| {
        let report = other.replay(&inner);
        assert!(report.is_ok(), "{report}");
    })
    .detach();

    let report = here.replay(&envelope(Ordered(3)));
    assert!(report.is_ok(), "{report}");
    assert_eq!(told.take(), ["reserved 3", "reserved 7"]);
    assert_eq!(untold.take(), [""; 0]);
    assert_eq!(here.discarded(), 2);
}

#[derive(Default)]
struct Kept(Mutex<Option<Emitter<(Reserved, Shown)>>>);

#[handler]
fn keeps(_event: &Ordered, emitter: Emitter<(Reserved, Shown)>, kept: &Kept) {
    *kept.0.lock().expect("no panic") = Some(emitter);
}

#[test]
fn an_emitter_that_is_kept_beyond_a_replay_discards_what_is_in_the_record() {
    let kept = Arc::new(Kept::default());
    let (dispatcher, journal) = journal(
        Dispatcher::empty()
            .only(keeps)
            .only(on_reserved)
            .only(on_shown)
            .provide_arc(Arc::clone(&kept)),
    );
    dispatcher.replay(&envelope(Ordered(1)));
    let emitter = kept
        .0
        .lock()
        .expect("no panic")
        .take()
        .expect("it was kept");
    emitter.emit(Reserved(1));
    assert_eq!(dispatcher.discarded(), 1);
    emitter.emit(Shown);
    assert_eq!(journal.take(), ["shown"]);
    assert_eq!(dispatcher.discarded(), 2, "what `Shown` causes is recorded");
}

#[test]
fn an_emitter_that_was_kept_before_is_a_part_of_the_replay_that_uses_it() {
    let kept = Arc::new(Kept::default());
    let (dispatcher, journal) = journal(
        Dispatcher::empty()
            .only(keeps)
            .only(on_reserved)
            .provide_arc(Arc::clone(&kept)),
    );
    dispatcher.emit(Ordered(1));
    let emitter = kept
        .0
        .lock()
        .expect("no panic")
        .take()
        .expect("it was kept");
    let _subscription = dispatcher.subscribe(move |_: &Sent| emitter.emit(Reserved(1)));
    dispatcher.replay(&envelope(Sent));
    assert_eq!((journal.take().len(), dispatcher.discarded()), (0, 1));
    dispatcher.emit(Sent);
    assert_eq!((journal.take().len(), dispatcher.discarded()), (1, 1));
}

#[derive(Default)]
struct Basket(Mutex<PendingEvents>);

#[handler]
fn records(event: &Ordered, basket: &Basket) {
    basket.0.lock().expect("no panic").record(Reserved(event.0));
}

#[test]
fn what_a_handler_records_for_later_stays_where_it_is() {
    let basket = Arc::new(Basket::default());
    let (dispatcher, journal) = journal(
        Dispatcher::empty()
            .only(records)
            .only(on_reserved)
            .provide_arc(Arc::clone(&basket)),
    );
    assert_eq!(dispatcher.replay(&envelope(Ordered(1))).discarded(), 0);
    let pending = basket.0.lock().expect("no panic").take();
    assert_eq!((pending.len(), dispatcher.discarded()), (1, 0));
    dispatcher.emit_all(pending);
    assert_eq!(journal.take(), ["reserved 1"]);
}

#[test]
fn a_handler_that_panics_leaves_no_replay_behind_on_its_thread() {
    let (dispatcher, journal) = journal(
        Dispatcher::empty()
            .only(d_emits_and_panics)
            .only(on_reserved),
    );
    dispatcher.replay(&envelope(Ordered(1)));
    // Inside of an emission, where a replay would be looked for.
    let handle = dispatcher.handle();
    let _subscription = dispatcher.subscribe(move |_: &Sent| {
        handle.emit(Reserved(1)).expect("it lives");
    });
    dispatcher.emit(Sent);
    assert_eq!(journal.take(), ["reserved 1"]);
}

// --- What no record has ----------------------------------------------------------------------

#[handler]
fn shows(_event: &Ordered) -> (Shown, Reserved) {
    (Shown, Reserved(1))
}

#[handler(queue = TASKS)]
async fn shows_later(_event: &Ordered) -> Shown {
    Shown
}

#[test]
fn an_event_that_no_record_can_have_is_caused_again_and_what_it_leads_to_is_discarded() {
    let runtime = event_tests::runtime();
    let (dispatcher, journal) = journal(
        Dispatcher::empty()
            .only(shows)
            .only(shows_later)
            .only(on_shown)
            .only(on_reserved)
            .runtime(runtime.handle().clone()),
    );
    let report = dispatcher.replay(&envelope(Ordered(1)));
    assert_eq!((report.events(), report.discarded()), (2, 2), "{report}");
    assert!(dispatcher.shutdown_blocking(LONG).is_complete());
    assert_eq!(journal.take(), ["shown", "shown"]);
    assert_eq!(dispatcher.discarded(), 3);
}

#[handler]
fn shows_by_emitting(_event: &Nests, handle: &DispatcherHandle) {
    assert_eq!(handle.emit(Shown).expect("it lives").events(), 1);
}

#[handler]
async fn shows_by_emitting_too(_event: &Nests, handle: &DispatcherHandle) {
    let dispatcher = handle.get().expect("it lives");
    assert_eq!(dispatcher.emit_async(Shown).await.events(), 1);
}

#[handler]
fn emits_in_turn(_event: &Shown, handle: &DispatcherHandle, answers: &Answers) {
    answers.add(&handle.emit(Reserved(1)).expect("it lives"));
}

#[test]
fn emitted_by_a_handler_it_is_a_part_of_the_replay() {
    let runtime = event_tests::runtime();
    let (dispatcher, answers, journal) = nesting(
        Dispatcher::empty()
            .only(shows_by_emitting)
            .only(shows_by_emitting_too)
            .only(emits_in_turn)
            .runtime(runtime.handle().clone()),
    );
    let report = pollster::block_on(dispatcher.replay_async(&envelope(Nests)));
    assert!(report.is_ok(), "{report}");
    assert_eq!(answers.take(), [(0, 1, 0); 2]);
    assert_eq!(journal.take(), ["shown"; 2]);
    assert_eq!(dispatcher.discarded(), 4, "`Shown` also returns one, twice");
}

// --- A part of the program -------------------------------------------------------------------

#[test]
fn handlers_that_are_left_out_are_left_out_of_the_replay() {
    let (first, all) = journal(inline());
    let record = record(&first, || drop(first.emit(Ordered(1))));
    assert_eq!(all.take().len(), 4);

    let (one_module, some) = journal(Dispatcher::builder().only(on_reserved));
    for event in read(&record) {
        assert!(one_module.replay(&event).is_ok());
    }
    let reserved = ["reserved 1", "reserved 2", "reserved 3", "reserved 4"];
    assert_eq!(some.take(), reserved);
    assert_eq!(one_module.discarded(), 0, "nobody caused anything");
}
