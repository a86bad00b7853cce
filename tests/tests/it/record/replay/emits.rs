//! What handlers emit themselves during a replay.

use std::sync::{Arc, Mutex};

use event_core::queue::Queue;
use event_core::wire::Envelope;
use event_core::{
    Dispatcher, Emitter, PendingEvents,
    dispatcher::{DispatcherBuilder, DispatcherHandle},
    global, handler,
};
use event_tests::{Journal, envelope};

use super::{Answers, LONG, Nests, Ordered, Reserved, Shown, journal, on_reserved};

use super::later::Sent;

use super::inline::d_emits_and_panics;

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
    answers.add(
        &dispatcher
            .fail_fast()
            .emit(Reserved(2))
            .into_result()
            .expect("no failure"),
    );
    answers.add(&dispatcher.emit_blocking(Reserved(3)).expect("no runtime"));
    answers.add(&dispatcher.with(()).emit(Reserved(4)));
    answers.add(&handle.emit(Reserved(5)).expect("it lives"));
    answers.add(&dispatcher.emit(&others.envelope));
    answers.add(&dispatcher.replaying().emit(&others.envelope));
    {
        let _entered = global::enter(&dispatcher);
        answers.add(&global::emit(Reserved(6)).expect("entered"));
    }
    let pending: PendingEvents = (0..3).map(Reserved).collect();
    answers.add(&dispatcher.emit(pending));
    let pending: PendingEvents = (0..3).map(Reserved).collect();
    answers.add(&dispatcher.with(()).emit(pending));
    let mut mixed = PendingEvents::new();
    mixed.record(Reserved(7));
    mixed.record(Shown);
    answers.add(&dispatcher.emit(mixed));
}

pub(super) fn nesting(builder: DispatcherBuilder) -> (Dispatcher, Arc<Answers>, Arc<Journal>) {
    let answers = Arc::new(Answers::default());
    let handle = builder.handle();
    let builder = builder.provide(handle).provide_arc(Arc::clone(&answers));
    let (dispatcher, journal) = journal(builder.handler(on_reserved).handler(on_shown));
    (dispatcher, answers, journal)
}

#[handler]
pub(super) fn on_shown(_event: &Shown, journal: &Journal) -> Reserved {
    journal.write("shown");
    Reserved(10)
}

#[test]
fn what_a_handler_emits_itself_is_discarded_in_every_form() {
    let others = Others {
        envelope: envelope(Reserved(9)),
    };
    let (dispatcher, answers, journal) = nesting(
        Dispatcher::empty()
            .handler(emits_in_every_way)
            .provide(others),
    );
    let report = dispatcher.replaying().emit(envelope(Nests));
    assert_eq!((report.is_ok(), report.discarded()), (true, 0));
    // The last has an event that is not `wire`, and what its handler returns.
    let mut expected = vec![(0, 1, 0); 8];
    expected.extend([(0, 3, 0), (0, 3, 0), (1, 2, 0)]);
    assert_eq!(answers.take(), expected);
    assert_eq!(journal.take(), ["shown"]);
    assert_eq!(dispatcher.counts().discarded, 8 + 2 * 3 + 2);

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
    answers.add(&dispatcher.emit_async(Reserved(4)).spawned().await);
    let pending: PendingEvents = [Reserved(7)].into_iter().collect();
    answers.add(&dispatcher.emit_async(pending).await);
}

#[handler]
async fn emits_as_it_starts(_event: &Nests, handle: &DispatcherHandle, answers: &Answers) {
    answers.add(&handle.emit(Reserved(6)).expect("it lives"));
}

fn asks_by_emitting(_event: &Nests) -> bool {
    global::emit(Reserved(5)).is_ok_and(|report| report.discarded() == 1)
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
            .handler(emits_on_a_thread)
            .handler(emits_after_a_while)
            .handler(emits_as_it_starts)
            .handler(filtered)
            .handler(filtered_later)
            .runtime(runtime.handle().clone()),
    );
    let _entered = global::enter(&dispatcher);
    let nests = envelope(Nests);
    pollster::block_on(dispatcher.replaying().emit_async(&nests));
    assert!(
        dispatcher
            .queue(&NESTING)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
    assert_eq!(
        (answers.take(), dispatcher.counts().discarded),
        (vec![(0, 1, 0); 6], 8)
    );
    assert_eq!(journal.take(), ["filter"; 2]);

    dispatcher.replaying().emit(&nests);
    assert!(dispatcher.shutdown(LONG).blocking().is_complete());
    assert_eq!(
        (answers.take(), dispatcher.counts().discarded),
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
    let builder = Dispatcher::empty().handler(crosses).handler(on_reserved);
    let handle = builder.handle();
    let (there, told) = journal(Dispatcher::empty().handler(on_reserved));
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
        let report = other.replaying().emit(&inner);
        assert!(report.is_ok(), "{report}");
    })
    .detach();

    let report = here.replaying().emit(envelope(Ordered(3)));
    assert!(report.is_ok(), "{report}");
    assert_eq!(told.take(), ["reserved 3", "reserved 7"]);
    assert_eq!(untold.take(), [""; 0]);
    assert_eq!(here.counts().discarded, 2);
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
            .handler(keeps)
            .handler(on_reserved)
            .handler(on_shown)
            .provide_arc(Arc::clone(&kept)),
    );
    dispatcher.replaying().emit(envelope(Ordered(1)));
    let emitter = kept
        .0
        .lock()
        .expect("no panic")
        .take()
        .expect("it was kept");
    emitter.emit_after(Reserved(1));
    assert_eq!(dispatcher.counts().discarded, 1);
    emitter.emit_after(Shown);
    assert_eq!(journal.take(), ["shown"]);
    assert_eq!(
        dispatcher.counts().discarded,
        2,
        "what `Shown` causes is recorded"
    );
}

#[test]
fn an_emitter_that_was_kept_before_is_a_part_of_the_replay_that_uses_it() {
    let kept = Arc::new(Kept::default());
    let (dispatcher, journal) = journal(
        Dispatcher::empty()
            .handler(keeps)
            .handler(on_reserved)
            .provide_arc(Arc::clone(&kept)),
    );
    dispatcher.emit(Ordered(1));
    let emitter = kept
        .0
        .lock()
        .expect("no panic")
        .take()
        .expect("it was kept");
    let _subscription = dispatcher.subscribe(move |_: &Sent| emitter.emit_after(Reserved(1)));
    dispatcher.replaying().emit(envelope(Sent));
    assert_eq!(
        (journal.take().len(), dispatcher.counts().discarded),
        (0, 1)
    );
    dispatcher.emit(Sent);
    assert_eq!(
        (journal.take().len(), dispatcher.counts().discarded),
        (1, 1)
    );
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
            .handler(records)
            .handler(on_reserved)
            .provide_arc(Arc::clone(&basket)),
    );
    assert_eq!(
        dispatcher
            .replaying()
            .emit(envelope(Ordered(1)))
            .discarded(),
        0
    );
    let pending = basket.0.lock().expect("no panic").take();
    assert_eq!((pending.len(), dispatcher.counts().discarded), (1, 0));
    dispatcher.emit(pending);
    assert_eq!(journal.take(), ["reserved 1"]);
}

#[test]
fn a_handler_that_panics_leaves_no_replay_behind_on_its_thread() {
    let (dispatcher, journal) = journal(
        Dispatcher::empty()
            .handler(d_emits_and_panics)
            .handler(on_reserved),
    );
    dispatcher.replaying().emit(envelope(Ordered(1)));
    // Inside of an emission, where a replay would be looked for.
    let handle = dispatcher.handle();
    let _subscription = dispatcher.subscribe(move |_: &Sent| {
        handle.emit(Reserved(1)).expect("it lives");
    });
    dispatcher.emit(Sent);
    assert_eq!(journal.take(), ["reserved 1"]);
}
