//! A replay through inline handlers.

use std::ops::ControlFlow;

use event_core::{Dispatcher, Emitter, Event, dispatcher::DispatcherBuilder, handler};
use event_tests::{envelope, quiet_panic, read, record};
use serde::{Deserialize, Serialize};

use super::{Ordered, Reserved, journal, on_reserved};

#[handler]
fn a_returns(event: &Ordered) -> (Reserved, Option<Reserved>) {
    (Reserved(event.0), Some(Reserved(event.0 + 1)))
}

#[handler]
fn b_emits(event: &Ordered, emitter: Emitter<Reserved>) -> Reserved {
    emitter.emit_after(Reserved(event.0 + 2));
    Reserved(event.0 + 3)
}

#[handler]
fn c_emits_and_fails(_event: &Ordered, emitter: Emitter<Reserved>) -> Result<Reserved, String> {
    emitter.emit_after(Reserved(5));
    Err("no".to_owned())
}

#[handler]
pub(super) fn d_emits_and_panics(_event: &Ordered, emitter: Emitter<Reserved>) {
    emitter.emit_after(Reserved(6));
    quiet_panic()
}

pub(super) fn inline() -> DispatcherBuilder {
    Dispatcher::empty()
        .handler(a_returns)
        .handler(b_emits)
        .handler(on_reserved)
}

#[test]
fn what_inline_handlers_cause_is_discarded_counted_and_in_the_report() {
    let (dispatcher, journal) = journal(inline());
    let report = dispatcher.replaying().emit(envelope(Ordered(1)));
    assert!(report.is_ok(), "{report}");
    assert_eq!((report.events(), report.done()), (1, 2));
    assert_eq!((report.discarded(), report.not_emitted()), (4, 0));
    let returned: Vec<_> = report.returned::<Reserved>().map(|(_, it)| it.0).collect();
    assert_eq!(returned, [1, 2, 3, 4]);
    assert_eq!(report.to_string(), "1 event: 2 done, 4 discarded");
    assert_eq!(dispatcher.counts().discarded, 4);
    assert_eq!(journal.take(), [""; 0]);
}

#[test]
fn what_a_handler_caused_that_then_fails_or_panics_is_discarded_too() {
    let (dispatcher, journal) = journal(
        Dispatcher::empty()
            .handler(c_emits_and_fails)
            .handler(d_emits_and_panics)
            .handler(on_reserved),
    );
    let report = dispatcher.replaying().emit(envelope(Ordered(1)));
    assert_eq!((report.failed(), report.panicked()), (1, 1));
    assert_eq!((report.failures().len(), report.discarded()), (2, 2));
    assert_eq!(journal.take(), [""; 0]);
}

#[test]
fn an_emit_or_a_delivery_causes_what_it_always_did_also_after_a_replay() {
    let (dispatcher, journal) = journal(inline());
    let ordered = envelope(Ordered(1));
    dispatcher.replaying().emit(&ordered);
    let deliver = || dispatcher.emit(&ordered);
    let emit = || dispatcher.emit(Ordered(1));
    for report in [emit(), deliver(), emit()] {
        assert_eq!((report.events(), report.discarded()), (5, 0), "{report}");
    }
    assert_eq!(journal.take().len(), 3 * 4);
    assert_eq!(dispatcher.counts().discarded, 4);
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
            second.replaying().emit(event);
        }
    });
    assert_eq!(again, all);
}

#[test]
fn what_a_subscription_causes_is_discarded() {
    let (dispatcher, journal) = journal(Dispatcher::empty().handler(on_reserved));
    let _subscription = dispatcher.subscribe(|event: &Ordered| Reserved(event.0));
    let _once = dispatcher
        .subscription_builder()
        .once()
        .subscribe(|event: &Ordered| vec![Reserved(event.0), Reserved(event.0)]);
    assert_eq!(
        dispatcher
            .replaying()
            .emit(envelope(Ordered(1)))
            .discarded(),
        3
    );
    assert_eq!(
        dispatcher
            .replaying()
            .emit(envelope(Ordered(1)))
            .discarded(),
        1
    );
    assert_eq!(journal.take(), [""; 0]);
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "replay.key_pressed", wire, stoppable)]
struct KeyPressed;

#[handler]
fn a_stops(_event: &KeyPressed, emitter: Emitter<Reserved>) -> ControlFlow<()> {
    emitter.emit_after(Reserved(1));
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
            .handler(a_stops)
            .handler(b_is_skipped)
            .handler(on_reserved),
    );
    let report = dispatcher.replaying().emit(envelope(KeyPressed));
    assert_eq!((report.skipped(), report.discarded()), (1, 1));
    assert!(report.stopped_by().is_some());
    assert_eq!(journal.take(), [""; 0]);
}
