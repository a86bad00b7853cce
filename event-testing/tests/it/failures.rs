//! The texts of failed assertions.

use event_core::queue::{LocalQueue, Queue};
use event_core::{Dispatcher, Event, handler};
use event_testing::{
    DispatcherExt as _, assert_caused, assert_emitted, assert_handled, assert_handles,
    assert_not_emitted, assert_nothing_emitted, assert_sequence,
};
use expect_test::expect;

use crate::failure::{caught, text};

static MAIL: Queue = Queue::new("mail");
static UI: LocalQueue<String> = LocalQueue::new("ui");

#[derive(Event)]
struct OrderPlaced {
    id: u64,
    total: u64,
    #[event(redact)]
    card: &'static str,
}

#[derive(Event)]
struct StockReserved {
    order: u64,
}

#[derive(Event)]
struct Moved(i32, i32);

#[derive(Event)]
enum Paid {
    Cash { cents: u64 },
    Card(u64),
    Nothing,
}

#[handler]
fn reserve_stock(event: &OrderPlaced) -> StockReserved {
    StockReserved { order: event.id }
}

#[handler(priority = 1)]
fn charge(event: &OrderPlaced) -> Result<(), String> {
    Err(format!("card {} is refused\nby the bank", event.card.len()))
}

#[handler(queue = UI)]
fn show(_event: &OrderPlaced, title: &mut String) {
    title.push('!');
}

#[handler(queue = MAIL)]
fn send_receipt(_event: &OrderPlaced) {}

#[handler]
fn pack(_event: &StockReserved) {}

fn shop() -> Dispatcher {
    let builder = Dispatcher::empty().handler(reserve_stock).handler(charge);
    let built = builder.handler(pack).handler(show).build();
    built.expect("a shop")
}

fn order(id: u64) -> OrderPlaced {
    OrderPlaced {
        id,
        total: 10 * id,
        card: "4111",
    }
}

#[test]
fn a_missing_event_is_told_with_what_happened_and_what_differs() {
    let dispatcher = shop();
    let rec = dispatcher.record();
    dispatcher.emit(order(41));
    expect![[r#"
        no emitted event matches `OrderPlaced { id: 42, .. }`
        2 events were emitted:
          1. OrderPlaced { id: 41, total: 410, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_
               ^ `id` is `41`, not `42`
               done: it::failures::reserve_stock (event-testing/tests/it/failures.rs:_)
               failed: it::failures::charge (event-testing/tests/it/failures.rs:_): card 4 is refused
                   by the bank
               waiting: it::failures::show (event-testing/tests/it/failures.rs:_), in queue `ui`, which its owner pumps
          2. StockReserved { order: 41 }, caused by event 1, returned by it::failures::reserve_stock (event-testing/tests/it/failures.rs:_)
               done: it::failures::pack (event-testing/tests/it/failures.rs:_)
        help: 1 delivery has not ended: `dispatcher.track(…)` waits for all that a call causes, `rec.wait_for(…)` for one event"#]].assert_eq(&text(|| assert_emitted!(rec, OrderPlaced { id: 42, .. })));
}

#[test]
fn each_field_that_differs_is_named_and_a_redacted_one_is_masked() {
    let dispatcher = Dispatcher::empty().build().expect("nothing");
    let rec = dispatcher.record();
    dispatcher.emit(order(41));
    dispatcher.emit(Moved(1, 2));
    let pattern = || {
        assert_emitted!(
            rec,
            OrderPlaced {
                id: 42,
                total: 411..,
                card: "5"
            }
        )
    };
    expect![[r#"
        no emitted event matches `OrderPlaced { id: 42, total: 411.., card: "5" }`
        2 events were emitted:
          1. OrderPlaced { id: 41, total: 410, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ `id` is `41`, not `42`; `total` is `410`, not `411..`; `card` is `[redacted]`, not `"5"`
          2. Moved(1, 2), emitted at event-testing/tests/it/failures.rs:_, no handler"#]].assert_eq(&text(pattern));
    expect![[r#"
        no emitted event matches `Moved(1, 3)`
        2 events were emitted:
          1. OrderPlaced { id: 41, total: 410, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_, no handler
          2. Moved(1, 2), emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ field 1 is `2`, not `3`"#]]
    .assert_eq(&text(|| assert_emitted!(rec, Moved(1, 3))));
}

#[test]
fn a_guard_that_does_not_hold_is_named_if_all_fields_match() {
    let dispatcher = Dispatcher::empty().build().expect("nothing");
    let rec = dispatcher.record();
    dispatcher.emit(order(41));
    dispatcher.emit(order(42));
    let least = 1_000;
    let pattern = || assert_emitted!(rec, OrderPlaced { id: 42, total, .. } if *total > least);
    expect![[r#"
        no emitted event matches `OrderPlaced { id: 42, total, .. } if *total > least`
        2 events were emitted:
          1. OrderPlaced { id: 41, total: 410, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ `id` is `41`, not `42`
          2. OrderPlaced { id: 42, total: 420, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ `*total > least` does not hold"#]]
    .assert_eq(&text(pattern));
}

#[test]
fn another_variant_is_told_as_one() {
    let dispatcher = Dispatcher::empty().build().expect("nothing");
    let rec = dispatcher.record();
    dispatcher.emit(Paid::Cash { cents: 5 });
    dispatcher.emit(Paid::Card(5));
    dispatcher.emit(Paid::Nothing);
    expect![[r#"
        no emitted event matches `Paid::Cash { cents: 7 }`
        3 events were emitted:
          1. Paid::Cash { cents: 5 }, emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ `cents` is `5`, not `7`
          2. Paid::Card(5), emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ another variant
          3. Paid::Nothing, emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ another variant"#]]
    .assert_eq(&text(|| assert_emitted!(rec, Paid::Cash { cents: 7 })));
}

#[test]
fn nothing_at_all_is_told_as_such() {
    let dispatcher = Dispatcher::empty().build().expect("nothing");
    let rec = dispatcher.record();
    expect![[r#"
        no emitted event matches `OrderPlaced`
        nothing was emitted since the recorder was made"#]]
    .assert_eq(&text(|| assert_emitted!(rec, OrderPlaced)));
    dispatcher.emit(order(1));
    let later = rec.since(rec.mark());
    expect![[r#"
        no emitted event matches `OrderPlaced`
        nothing was emitted since the mark"#]]
    .assert_eq(&text(|| assert_emitted!(later, OrderPlaced)));
}

#[test]
fn a_wrong_count_marks_the_events_that_match() {
    let dispatcher = Dispatcher::empty().build().expect("nothing");
    let rec = dispatcher.record();
    dispatcher.emit(order(1));
    dispatcher.emit(Moved(1, 2));
    dispatcher.emit(order(2));
    expect![[r#"
        2 events match `OrderPlaced`, and not 1 event
        3 events were emitted:
          1. OrderPlaced { id: 1, total: 10, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ matches
          2. Moved(1, 2), emitted at event-testing/tests/it/failures.rs:_, no handler
          3. OrderPlaced { id: 2, total: 20, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ matches"#]]
    .assert_eq(&text(|| assert_emitted!(rec, OrderPlaced, times = 1)));
    expect![[r#"
        1 event matches `Moved(..)`, and not at least 2 events
        3 events were emitted:
          1. OrderPlaced { id: 1, total: 10, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_, no handler
          2. Moved(1, 2), emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ matches
          3. OrderPlaced { id: 2, total: 20, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_, no handler"#]]
    .assert_eq(&text(|| assert_emitted!(rec, Moved(..), at_least = 2)));
    expect![[r#"
        0 events match `OrderPlaced { id: 3, .. }`, and not 1 event
        3 events were emitted:
          1. OrderPlaced { id: 1, total: 10, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ `id` is `1`, not `3`
          2. Moved(1, 2), emitted at event-testing/tests/it/failures.rs:_, no handler
          3. OrderPlaced { id: 2, total: 20, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ `id` is `2`, not `3`"#]]
    .assert_eq(&text(|| {
        assert_emitted!(rec, OrderPlaced { id: 3, .. }, times = 1)
    }));
}

#[test]
fn an_event_that_should_not_be_is_marked() {
    let dispatcher = Dispatcher::empty().build().expect("nothing");
    let rec = dispatcher.record();
    dispatcher.emit(order(1));
    dispatcher.emit(order(2));
    expect![[r#"
        1 event matches `OrderPlaced { id: 2, .. }`, and none should
        2 events were emitted:
          1. OrderPlaced { id: 1, total: 10, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_, no handler
          2. OrderPlaced { id: 2, total: 20, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ matches"#]]
    .assert_eq(&text(|| {
        assert_not_emitted!(rec, OrderPlaced { id: 2, .. });
    }));
    expect![[r#"
        nothing should be emitted
        2 events were emitted:
          1. OrderPlaced { id: 1, total: 10, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_, no handler
          2. OrderPlaced { id: 2, total: 20, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_, no handler"#]]
    .assert_eq(&text(|| assert_nothing_emitted!(rec)));
}

#[test]
fn a_sequence_is_told_where_it_breaks() {
    let dispatcher = Dispatcher::empty().build().expect("nothing");
    let rec = dispatcher.record();
    dispatcher.emit(Moved(1, 1));
    dispatcher.emit(Moved(2, 2));
    dispatcher.emit(Moved(3, 3));
    expect![[r#"
        the sequence breaks at pattern 3: no event behind event 3 (`Moved(3, _)`) matches `Moved(1, _)`
        3 events were emitted:
          1. Moved(1, 1), emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ matches `Moved(1, _)`, too early
          2. Moved(2, 2), emitted at event-testing/tests/it/failures.rs:_, no handler
          3. Moved(3, 3), emitted at event-testing/tests/it/failures.rs:_, no handler"#]].assert_eq(&text(|| {
        assert_sequence!(rec, [Moved(2, _), Moved(3, _), Moved(1, _)]);
    }));
    expect![[r#"
        the sequence breaks at pattern 1: no emitted event matches `OrderPlaced`
        3 events were emitted:
          1. Moved(1, 1), emitted at event-testing/tests/it/failures.rs:_, no handler
          2. Moved(2, 2), emitted at event-testing/tests/it/failures.rs:_, no handler
          3. Moved(3, 3), emitted at event-testing/tests/it/failures.rs:_, no handler"#]]
    .assert_eq(&text(|| assert_sequence!(rec, [OrderPlaced, Moved])));
    expect![[r#"
        event 2 does not match pattern 2 of the sequence, `Moved(3, _)`
        3 events were emitted:
          1. Moved(1, 1), emitted at event-testing/tests/it/failures.rs:_, no handler
          2. Moved(2, 2), emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ field 0 is `2`, not `3`
          3. Moved(3, 3), emitted at event-testing/tests/it/failures.rs:_, no handler"#]]
    .assert_eq(&text(|| {
        assert_sequence!(rec, exact [Moved(1, _), Moved(3, _), Moved(3, _)]);
    }));
    expect![[r#"
        event 3 is not in the sequence, which has 2 events
        3 events were emitted:
          1. Moved(1, 1), emitted at event-testing/tests/it/failures.rs:_, no handler
          2. Moved(2, 2), emitted at event-testing/tests/it/failures.rs:_, no handler
          3. Moved(3, 3), emitted at event-testing/tests/it/failures.rs:_, no handler
               ^ is not in the sequence"#]]
    .assert_eq(&text(|| assert_sequence!(rec, exact [Moved, Moved])));
    expect![[r#"
        no event follows that matches `OrderPlaced`
        3 events were emitted:
          1. Moved(1, 1), emitted at event-testing/tests/it/failures.rs:_, no handler
          2. Moved(2, 2), emitted at event-testing/tests/it/failures.rs:_, no handler
          3. Moved(3, 3), emitted at event-testing/tests/it/failures.rs:_, no handler"#]]
    .assert_eq(&text(|| {
        assert_sequence!(rec, exact [Moved, Moved, Moved, OrderPlaced]);
    }));
}

#[test]
fn a_cause_is_told_apart_from_an_ancestor_and_from_another_event() {
    let dispatcher = shop();
    let rec = dispatcher.record();
    dispatcher.emit(order(1));
    dispatcher.emit(StockReserved { order: 2 });
    expect![[r#"
        `OrderPlaced { id: 3, .. }` caused no `StockReserved { order: 1 }`
        3 events were emitted:
          1. OrderPlaced { id: 1, total: 10, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_
               ^ `id` is `1`, not `3`
               done: it::failures::reserve_stock (event-testing/tests/it/failures.rs:_)
               failed: it::failures::charge (event-testing/tests/it/failures.rs:_): card 4 is refused
                   by the bank
               waiting: it::failures::show (event-testing/tests/it/failures.rs:_), in queue `ui`, which its owner pumps
          2. StockReserved { order: 1 }, caused by event 1, returned by it::failures::reserve_stock (event-testing/tests/it/failures.rs:_)
               ^ matches, and its cause does not match `OrderPlaced { id: 3, .. }`
               done: it::failures::pack (event-testing/tests/it/failures.rs:_)
          3. StockReserved { order: 2 }, emitted at event-testing/tests/it/failures.rs:_
               done: it::failures::pack (event-testing/tests/it/failures.rs:_)
        help: 1 delivery has not ended: `dispatcher.track(…)` waits for all that a call causes, `rec.wait_for(…)` for one event"#]].assert_eq(&text(|| {
        assert_caused!(rec, OrderPlaced { id: 3, .. } => StockReserved { order: 1 });
    }));
    expect![[r#"
        `OrderPlaced` caused no `StockReserved { order: 2 }`
        3 events were emitted:
          1. OrderPlaced { id: 1, total: 10, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_
               done: it::failures::reserve_stock (event-testing/tests/it/failures.rs:_)
               failed: it::failures::charge (event-testing/tests/it/failures.rs:_): card 4 is refused
                   by the bank
               waiting: it::failures::show (event-testing/tests/it/failures.rs:_), in queue `ui`, which its owner pumps
          2. StockReserved { order: 1 }, caused by event 1, returned by it::failures::reserve_stock (event-testing/tests/it/failures.rs:_)
               done: it::failures::pack (event-testing/tests/it/failures.rs:_)
          3. StockReserved { order: 2 }, emitted at event-testing/tests/it/failures.rs:_
               ^ matches, and was not caused by an event that was recorded
               done: it::failures::pack (event-testing/tests/it/failures.rs:_)
        help: 1 delivery has not ended: `dispatcher.track(…)` waits for all that a call causes, `rec.wait_for(…)` for one event"#]].assert_eq(&text(|| {
        assert_caused!(rec, OrderPlaced => StockReserved { order: 2 });
    }));
    expect![[r#"
        no emitted event matches `Moved`, which `OrderPlaced` should cause
        3 events were emitted:
          1. OrderPlaced { id: 1, total: 10, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_
               done: it::failures::reserve_stock (event-testing/tests/it/failures.rs:_)
               failed: it::failures::charge (event-testing/tests/it/failures.rs:_): card 4 is refused
                   by the bank
               waiting: it::failures::show (event-testing/tests/it/failures.rs:_), in queue `ui`, which its owner pumps
          2. StockReserved { order: 1 }, caused by event 1, returned by it::failures::reserve_stock (event-testing/tests/it/failures.rs:_)
               done: it::failures::pack (event-testing/tests/it/failures.rs:_)
          3. StockReserved { order: 2 }, emitted at event-testing/tests/it/failures.rs:_
               done: it::failures::pack (event-testing/tests/it/failures.rs:_)
        help: 1 delivery has not ended: `dispatcher.track(…)` waits for all that a call causes, `rec.wait_for(…)` for one event"#]].assert_eq(&text(|| {
        assert_caused!(rec, OrderPlaced => Moved);
    }));
}

#[test]
fn a_delivery_that_ended_otherwise_or_never_is_told() {
    let dispatcher = shop();
    let rec = dispatcher.record();
    expect![[r#"
        `it::failures::charge`, which handles `OrderPlaced`, was not called
        nothing was emitted since the recorder was made"#]]
    .assert_eq(&text(|| assert_handled!(rec, charge)));
    dispatcher.emit(order(1));
    expect![[r#"
        no delivery to `it::failures::charge` ended as `Done | Skipped(_)`
        2 events were emitted:
          1. OrderPlaced { id: 1, total: 10, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_
               done: it::failures::reserve_stock (event-testing/tests/it/failures.rs:_)
               failed: it::failures::charge (event-testing/tests/it/failures.rs:_): card 4 is refused
                   by the bank
               waiting: it::failures::show (event-testing/tests/it/failures.rs:_), in queue `ui`, which its owner pumps
          2. StockReserved { order: 1 }, caused by event 1, returned by it::failures::reserve_stock (event-testing/tests/it/failures.rs:_)
               done: it::failures::pack (event-testing/tests/it/failures.rs:_)
        help: 1 delivery has not ended: `dispatcher.track(…)` waits for all that a call causes, `rec.wait_for(…)` for one event"#]].assert_eq(&text(|| assert_handled!(rec, charge, Done | Skipped(_))));
    expect![[r#"
        `it::failures::show`, which handles `OrderPlaced`, was not called
        2 events were emitted:
          1. OrderPlaced { id: 1, total: 10, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_
               done: it::failures::reserve_stock (event-testing/tests/it/failures.rs:_)
               failed: it::failures::charge (event-testing/tests/it/failures.rs:_): card 4 is refused
                   by the bank
               waiting: it::failures::show (event-testing/tests/it/failures.rs:_), in queue `ui`, which its owner pumps
          2. StockReserved { order: 1 }, caused by event 1, returned by it::failures::reserve_stock (event-testing/tests/it/failures.rs:_)
               done: it::failures::pack (event-testing/tests/it/failures.rs:_)
        help: 1 delivery has not ended: `dispatcher.track(…)` waits for all that a call causes, `rec.wait_for(…)` for one event"#]].assert_eq(&text(|| assert_handled!(rec, show, Done)));
    expect![[r#"
        the dispatcher has no handler `it::failures::send_receipt`
        2 events were emitted:
          1. OrderPlaced { id: 1, total: 10, card: [redacted] }, emitted at event-testing/tests/it/failures.rs:_
               done: it::failures::reserve_stock (event-testing/tests/it/failures.rs:_)
               failed: it::failures::charge (event-testing/tests/it/failures.rs:_): card 4 is refused
                   by the bank
               waiting: it::failures::show (event-testing/tests/it/failures.rs:_), in queue `ui`, which its owner pumps
          2. StockReserved { order: 1 }, caused by event 1, returned by it::failures::reserve_stock (event-testing/tests/it/failures.rs:_)
               done: it::failures::pack (event-testing/tests/it/failures.rs:_)
        help: 1 delivery has not ended: `dispatcher.track(…)` waits for all that a call causes, `rec.wait_for(…)` for one event"#]].assert_eq(&text(|| assert_handled!(rec, send_receipt)));
}

#[test]
fn a_handler_that_the_dispatcher_lacks_is_told_with_those_that_it_has() {
    let dispatcher = shop();
    expect![[r#"
        `it::failures::send_receipt` does not handle `OrderPlaced` in this dispatcher: it has no such handler: `.without(…)`, `.only(…)` or a module leaves it out, or its crate is not linked
        handlers of `OrderPlaced`:
          it::failures::reserve_stock (event-testing/tests/it/failures.rs:_), inline
          it::failures::charge (event-testing/tests/it/failures.rs:_), inline
          it::failures::show (event-testing/tests/it/failures.rs:_), local"#]].assert_eq(&text(|| assert_handles!(dispatcher, send_receipt, OrderPlaced)));
    expect![[r#"
        `it::failures::charge` does not handle `Moved` in this dispatcher: it handles `OrderPlaced`
        `Moved` has no handler here"#]]
    .assert_eq(&text(|| assert_handles!(dispatcher, charge, Moved)));
}

#[test]
fn a_long_recording_is_shortened() {
    let dispatcher = Dispatcher::empty().build().expect("nothing");
    let rec = dispatcher.record();
    (0..100).for_each(|step| {
        dispatcher.emit(Moved(step, 0));
    });
    dispatcher.emit(order(1));
    let text = text(|| assert_emitted!(rec, OrderPlaced { id: 2, .. }));
    assert!(text.contains("\n  20. Moved(19, 0), emitted at"), "{text}");
    assert!(
        text.contains("\n  … 61 more\n  82. Moved(81, 0), emitted at"),
        "{text}"
    );
    assert!(text.contains("101. OrderPlaced"), "{text}");
}

#[test]
fn a_failure_points_at_the_line_of_the_assertion() {
    let dispatcher = shop();
    let rec = dispatcher.record();
    macro_rules! here {
        ($assert:expr) => {{
            let caught = caught(|| $assert);
            assert_eq!(
                (caught.file.as_str(), caught.line),
                (file!(), line!()),
                "{}",
                caught.text
            );
        }};
    }
    here!(assert_emitted!(rec, OrderPlaced { id: 42, .. }));
    here!(assert_emitted!(rec, OrderPlaced, times = 2));
    here!(assert_sequence!(rec, [OrderPlaced]));
    here!(assert_sequence!(rec, exact[OrderPlaced]));
    here!(assert_caused!(rec, OrderPlaced => Moved));
    here!(assert_handled!(rec, charge, Done));
    here!(assert_handles!(dispatcher, charge, Moved));
    here!(rec.expect(|_: &OrderPlaced| true));
    dispatcher.emit(order(1));
    here!(assert_not_emitted!(rec, OrderPlaced));
    here!(assert_nothing_emitted!(rec));
}
