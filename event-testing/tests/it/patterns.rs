//! What the macros take as a pattern.

use event_core::{Dispatcher, Event};
use event_testing::{
    DispatcherExt as _, RecordedEvent, assert_emitted, assert_not_emitted, assert_sequence,
};

#[derive(Event)]
struct OrderPlaced {
    id: u64,
    note: Option<&'static str>,
}

#[derive(Event)]
struct Moved(i32, i32);

#[derive(Event)]
struct Rung;

#[derive(Event)]
enum Paid {
    Cash { cents: u64 },
    Card(u64),
    Nothing,
}

#[derive(Event)]
struct Saved<T: Send + Sync + 'static> {
    #[event(redact)]
    row: T,
}

mod inner {
    use event_core::Event;

    #[derive(Event)]
    pub(crate) struct Nested {
        pub(crate) id: u64,
    }
}

const KNOWN: u64 = 7;

#[test]
fn patterns_of_every_shape_find_their_events() {
    let dispatcher = Dispatcher::empty().build().expect("nothing");
    let rec = dispatcher.record();
    dispatcher.emit(OrderPlaced {
        id: 7,
        note: Some("gift"),
    });
    dispatcher.emit(OrderPlaced { id: 8, note: None });
    dispatcher.emit(Moved(1, -1));
    dispatcher.emit(Rung);
    dispatcher.emit(Paid::Cash { cents: 5 });
    dispatcher.emit(Paid::Card(6));
    dispatcher.emit(Paid::Nothing);
    dispatcher.emit(Saved { row: 3_u8 });
    dispatcher.emit(Saved { row: "text" });
    dispatcher.emit(inner::Nested { id: 1 });

    // Named fields: with literals, ranges, constants, alternatives, nested patterns, bindings, shorthands.
    assert_emitted!(rec, OrderPlaced { id: 7, .. });
    assert_emitted!(
        rec,
        OrderPlaced {
            id: 1..=7,
            note: Some(_)
        }
    );
    assert_emitted!(
        rec,
        OrderPlaced {
            id: KNOWN,
            note: Some("gift" | "loan"),
        }
    );
    assert_emitted!(rec, OrderPlaced { note: None, id: _ }, times = 1);
    assert_emitted!(rec, OrderPlaced { id, note } if *id == 8 && note.is_none());
    assert_emitted!(rec, OrderPlaced { note: Some(note), .. } if note.len() == 4, times = 1,);
    assert_emitted!(rec, OrderPlaced { id: id @ 7.., .. } if id % 2 == 0);
    assert_not_emitted!(rec, OrderPlaced { id: 7, note: None });
    assert_not_emitted!(rec, OrderPlaced { id, .. } if *id > 8);

    // Tuples.
    assert_emitted!(rec, Moved(1, -1));
    assert_emitted!(rec, Moved(_, ..=0));
    assert_emitted!(rec, Moved(.., -1));
    assert_emitted!(rec, Moved(1, ..));
    assert_emitted!(rec, Moved(x, y) if x + y == 0);
    assert_not_emitted!(rec, Moved(2, _));

    // Types, variants, paths, generics.
    assert_emitted!(rec, Rung);
    assert_emitted!(rec, Rung {});
    assert_emitted!(rec, Moved);
    assert_emitted!(rec, Paid, times = 3);
    assert_emitted!(rec, Paid::Cash { cents: 5 });
    assert_emitted!(rec, Paid::Card(6), at_least = 1);
    assert_emitted!(rec, Paid::Nothing {}, at_most = 1);
    assert_emitted!(rec, Saved<u8>);
    assert_emitted!(rec, Saved::<u8> { row: 3 });
    assert_emitted!(rec, Saved::<&str> { row: "text" });
    assert_not_emitted!(rec, Saved<i64>);
    assert_emitted!(rec, inner::Nested { id: 1 });
    assert_emitted!(rec, inner::Nested { .. });

    assert_sequence!(rec, []);
    assert_sequence!(
        rec,
        [
            OrderPlaced { id, .. } if *id == 7,
            Moved(x, _) if *x == 1,
            Rung,
            Paid::Card(6),
            Saved::<u8> { .. },
            inner::Nested,
        ]
    );
}

#[test]
fn what_was_found_is_returned() {
    let dispatcher = Dispatcher::empty().build().expect("nothing");
    let rec = dispatcher.record();
    dispatcher.emit(OrderPlaced { id: 7, note: None });
    dispatcher.emit(OrderPlaced { id: 8, note: None });
    let first: RecordedEvent<OrderPlaced> = assert_emitted!(rec, OrderPlaced);
    assert_eq!((first.id, first.event().id), (7, 7));
    assert_eq!(first.meta().depth(), 0);
    assert_eq!(format!("{first:?}"), "OrderPlaced { id: 7, note: None }");
    let both = assert_emitted!(rec, OrderPlaced, at_least = 1);
    assert_eq!(both.iter().map(|it| it.id).collect::<Vec<_>>(), [7, 8]);
}
