//! Events that no journal has, and handlers that are left out.

use event_core::{Dispatcher, dispatcher::DispatcherHandle, handler};
use event_tests::{envelope, read, record};

use super::{Answers, LONG, Nests, Ordered, Reserved, Shown, journal, on_reserved};

use super::later::TASKS;

use super::inline::inline;

use super::emits::{nesting, on_shown};

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
            .handler(shows)
            .handler(shows_later)
            .handler(on_shown)
            .handler(on_reserved)
            .runtime(runtime.handle().clone()),
    );
    let report = dispatcher.replaying().emit(envelope(Ordered(1)));
    assert_eq!((report.events(), report.discarded()), (2, 2), "{report}");
    assert!(dispatcher.shutdown(LONG).blocking().is_complete());
    assert_eq!(journal.take(), ["shown", "shown"]);
    assert_eq!(dispatcher.counts().discarded, 3);
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
            .handler(shows_by_emitting)
            .handler(shows_by_emitting_too)
            .handler(emits_in_turn)
            .runtime(runtime.handle().clone()),
    );
    let report = pollster::block_on(dispatcher.replaying().emit_async(&envelope(Nests)));
    assert!(report.is_ok(), "{report}");
    assert_eq!(answers.take(), [(0, 1, 0); 2]);
    assert_eq!(journal.take(), ["shown"; 2]);
    assert_eq!(
        dispatcher.counts().discarded,
        4,
        "`Shown` also returns one, twice"
    );
}

#[test]
fn handlers_that_are_left_out_are_left_out_of_the_replay() {
    let (first, all) = journal(inline());
    let record = record(&first, || drop(first.emit(Ordered(1))));
    assert_eq!(all.take().len(), 4);

    let (one_module, some) = journal(Dispatcher::builder().only(on_reserved));
    for event in read(&record) {
        assert!(one_module.replaying().emit(&event).is_ok());
    }
    let reserved = ["reserved 1", "reserved 2", "reserved 3", "reserved 4"];
    assert_eq!(some.take(), reserved);
    assert_eq!(one_module.counts().discarded, 0, "nobody caused anything");
}
