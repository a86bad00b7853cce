//! Savepoints of units of work: parts that are taken back alone.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;

use event_core::dispatcher::{Savepoint, UnitOfWork};
use event_core::{Dispatcher, Event, PendingEvents, handler};
use event_tests::{Gate, Heard, Journal, poll, quiet_panic};
use proptest::prelude::*;

#[derive(Event)]
struct Booked(usize);

#[handler]
fn books(event: &Booked, journal: &Journal) {
    journal.write(event.0.to_string());
}

struct Ledger {
    dispatcher: Dispatcher,
    journal: Arc<Journal>,
    heard: Heard,
}

impl Ledger {
    fn open() -> Self {
        let (journal, heard) = (Arc::new(Journal::default()), Heard::default());
        let builder = Dispatcher::empty().handler(books);
        let builder = builder.provide_arc(journal.clone());
        Self {
            dispatcher: builder.on_failure(heard.hook()).build().expect("wired"),
            journal,
            heard,
        }
    }

    /// Runs a unit that is committed, and returns what was emitted.
    fn committed(&self, run: impl FnOnce(&mut UnitOfWork)) -> Vec<String> {
        let emitted = self.dispatcher.unit_of_work(|mut work| {
            run(&mut work);
            Ok::<_, ()>(self.dispatcher.emit(work.committed()))
        });
        let report = emitted.expect("committed");
        let emitted = self.journal.take();
        assert_eq!(report.events(), emitted.len());
        emitted
    }

    fn rolled_back(&self) -> u64 {
        self.dispatcher.counts().rolled_back
    }
}

#[test]
fn a_savepoint_that_is_rolled_back_takes_its_events_with_it_and_no_others() {
    let ledger = Ledger::open();
    let emitted = ledger.committed(|work| {
        work.emit(Booked(1));
        let mut part = work.savepoint();
        part.emit(Booked(2));
        let mut nested = part.savepoint();
        nested.emit(Booked(3));
        nested.released();
        assert_eq!(part.len(), 2);
        part.rolled_back();
        let mut part = work.savepoint();
        part.append(&mut [Booked(4), Booked(5)].into_iter().collect());
        let mut nested = part.savepoint();
        assert!(nested.is_empty());
        nested.emit(Booked(6));
        nested.rolled_back();
        part.emit(Booked(7));
        part.released();
        work.emit(Booked(8));
    });
    assert_eq!(emitted, ["1", "4", "5", "7", "8"]);
    assert_eq!(ledger.rolled_back(), 3);
    assert_eq!(ledger.heard.take(), [""; 0]);
}

/// Books in a savepoint, unless the database refuses.
fn book_in_part(
    work: &mut UnitOfWork,
    insert: Result<(), &'static str>,
) -> Result<(), &'static str> {
    let mut part = work.savepoint();
    part.emit(Booked(1));
    insert?;
    part.released();
    Ok(())
}

#[test]
fn a_savepoint_that_is_dropped_is_rolled_back_whatever_drops_it() {
    let ledger = Ledger::open();
    let emitted = ledger.committed(|work| {
        drop(work.savepoint());
        assert_eq!(book_in_part(work, Err("refused")), Err("refused"));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let mut part = work.savepoint();
            part.emit(Booked(2));
            quiet_panic()
        }));
        assert!(panicked.is_err());
        work.emit(Booked(3));
    });
    assert_eq!(emitted, ["3"]);
    assert_eq!(ledger.rolled_back(), 2);
    assert_eq!(ledger.heard.take(), [""; 0]);
}

#[tokio::test]
async fn a_savepoint_whose_future_is_dropped_is_rolled_back_with_its_unit() {
    let (ledger, gate) = (Ledger::open(), Gate::default());
    // It may be moved to another thread while it waits.
    let mut waiting: Pin<Box<dyn Future<Output = _> + Send>> =
        Box::pin(ledger.dispatcher.unit_of_work_async(async |mut work| {
            work.emit(Booked(1));
            let mut part = work.savepoint();
            part.emit(Booked(2));
            gate.pass().await;
            part.released();
            Ok::<_, ()>(ledger.dispatcher.emit(work.committed()))
        }));
    assert!(poll(&mut waiting).is_none());
    drop(waiting);
    assert_eq!(ledger.journal.take(), [""; 0]);
    assert_eq!(ledger.rolled_back(), 2);
}

/// Panics in its `Drop`.
#[derive(Event)]
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        quiet_panic();
    }
}

#[test]
fn an_event_whose_drop_panics_leaves_the_rest_of_the_unit_as_it_is() {
    let ledger = Ledger::open();
    let emitted = ledger.committed(|work| {
        let mut part = work.savepoint();
        part.emit(Grenade);
        part.emit(Booked(1));
        part.rolled_back();
        work.emit(Booked(2));
    });
    assert_eq!(emitted, ["2"]);
    assert_eq!(ledger.rolled_back(), 2);
}

/// What code does with a unit or a savepoint.
#[derive(Clone, Debug)]
enum Step {
    Emit,
    /// Appends what a domain object has recorded.
    Append(usize),
    Savepoint(Vec<Step>, End),
}

/// How a savepoint ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Released,
    RolledBack,
    Dropped,
}

/// How a unit ends.
#[derive(Clone, Copy, Debug)]
enum UnitEnd {
    Committed,
    RolledBack,
    Failed,
    Forgotten,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![3 => Just(Step::Emit), 1 => (0..3_usize).prop_map(Step::Append)];
    let step = step.prop_recursive(4, 40, 6, |inner| {
        let end = prop_oneof![
            Just(End::Released),
            Just(End::RolledBack),
            Just(End::Dropped)
        ];
        let inner = prop::collection::vec(inner, 0..6);
        (inner, end).prop_map(|(steps, end)| Step::Savepoint(steps, end))
    });
    prop::collection::vec(step, 0..8)
}

/// A unit or a savepoint.
trait Records {
    fn emit(&mut self, event: Booked);
    fn append(&mut self, events: &mut PendingEvents);
    fn savepoint(&mut self) -> Savepoint<'_>;
    fn len(&self) -> usize;
}

macro_rules! records {
    ($($type:ty)*) => {$(
        impl Records for $type {
            fn emit(&mut self, event: Booked) {
                <$type>::emit(self, event);
            }

            fn append(&mut self, events: &mut PendingEvents) {
                <$type>::append(self, events);
            }

            fn savepoint(&mut self) -> Savepoint<'_> {
                <$type>::savepoint(self)
            }

            fn len(&self) -> usize {
                <$type>::len(self)
            }
        }
    )*};
}

records!(UnitOfWork Savepoint<'_>);

/// The events that a unit or a savepoint has, and how many were rolled back in it.
#[derive(Debug, Default)]
struct Model {
    events: Vec<usize>,
    rolled_back: usize,
}

/// Does the steps, and returns what they should leave. Each event has a number of its own.
fn run(steps: &[Step], records: &mut dyn Records, numbers: &Cell<usize>) -> Model {
    let mut model = Model::default();
    let next = || numbers.replace(numbers.get() + 1);
    for step in steps {
        match step {
            Step::Emit => {
                let number = next();
                records.emit(Booked(number));
                model.events.push(number);
            }
            Step::Append(events) => {
                let added: Vec<_> = std::iter::repeat_with(next).take(*events).collect();
                let mut pending = added.iter().copied().map(Booked).collect();
                records.append(&mut pending);
                assert!(pending.is_empty());
                model.events.extend(added);
            }
            Step::Savepoint(steps, end) => {
                let mut part = records.savepoint();
                let inner = run(steps, &mut part, numbers);
                model.rolled_back += inner.rolled_back;
                match end {
                    End::Released => part.released(),
                    End::RolledBack => part.rolled_back(),
                    End::Dropped => drop(part),
                }
                match end {
                    End::Released => model.events.extend(inner.events),
                    End::RolledBack | End::Dropped => model.rolled_back += inner.events.len(),
                }
            }
        }
        assert_eq!(records.len(), model.events.len());
    }
    model
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn each_event_of_any_nesting_is_emitted_in_order_or_rolled_back_once(
        steps in steps(),
        end in prop_oneof![
            3 => Just(UnitEnd::Committed),
            1 => Just(UnitEnd::RolledBack),
            1 => Just(UnitEnd::Failed),
            1 => Just(UnitEnd::Forgotten),
        ],
    ) {
        let (ledger, numbers) = (Ledger::open(), Cell::new(0));
        let dispatcher = &ledger.dispatcher;
        let mut model = Model::default();
        let _ended = dispatcher.unit_of_work(|mut work| {
            model = run(&steps, &mut work, &numbers);
            match end {
                UnitEnd::Committed => drop(dispatcher.emit(work.committed())),
                UnitEnd::RolledBack => work.rolled_back(),
                UnitEnd::Failed => return Err(()),
                UnitEnd::Forgotten => drop(work),
            }
            Ok(())
        });
        let Model { events, rolled_back } = model;
        let (emitted, rolled_back, forgotten) = match end {
            UnitEnd::Committed => (events, rolled_back, 0),
            UnitEnd::RolledBack | UnitEnd::Failed => (Vec::new(), rolled_back + events.len(), 0),
            UnitEnd::Forgotten => (Vec::new(), rolled_back, events.len()),
        };
        prop_assert_eq!(emitted.len() + rolled_back + forgotten, numbers.get());
        let emitted: Vec<_> = emitted.iter().map(usize::to_string).collect();
        prop_assert_eq!(ledger.journal.take(), emitted);
        let counts = dispatcher.counts();
        let counted = (counts.rolled_back, counts.forgotten);
        prop_assert_eq!(counted, (rolled_back as u64, forgotten as u64));
        prop_assert_eq!(ledger.heard.take().len(), usize::from(forgotten > 0));
    }
}
