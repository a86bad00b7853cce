//! Units of work: how a transaction ends, and what becomes of its events.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use event_core::dispatcher::{CommittedEvents, DispatcherCounts};
use event_core::{Dispatcher, Event, PendingEvents, handler};
use event_tests::{Gate, Heard, Journal, poll, quiet_panic};

#[derive(Event)]
struct Booked(u8);

#[derive(Event)]
struct Cancelled;

#[handler]
fn books(event: &Booked, journal: &Journal) {
    journal.write(format!("booked {}", event.0));
}

#[handler]
fn cancels(_event: &Cancelled, journal: &Journal) {
    journal.write("cancelled");
}

struct Ledger {
    dispatcher: Dispatcher,
    journal: Arc<Journal>,
    heard: Heard,
}

impl Ledger {
    fn open() -> Self {
        let (journal, heard) = (Arc::new(Journal::default()), Heard::default());
        let builder = Dispatcher::empty().handler(books).handler(cancels);
        let builder = builder.provide_arc(journal.clone());
        Self {
            dispatcher: builder.on_failure(heard.hook()).build().expect("wired"),
            journal,
            heard,
        }
    }

    /// Asserts how many events were rolled back and forgotten, that nothing was emitted, and what the failure
    /// hook was told.
    fn assert_dropped(&self, rolled_back: u64, forgotten: u64, told: &[&str]) {
        assert!(self.journal.take().is_empty());
        let counts = self.dispatcher.counts();
        assert_eq!(
            (counts.rolled_back, counts.forgotten),
            (rolled_back, forgotten)
        );
        assert_eq!(self.heard.take(), told);
    }
}

/// What a transaction returns.
type Done = Result<(), &'static str>;

/// A commit that the database may refuse.
async fn commit(refused: bool) -> Done {
    tokio::task::yield_now().await;
    if refused { Err("refused") } else { Ok(()) }
}

#[tokio::test]
async fn the_events_of_a_committed_unit_are_emitted_in_order_by_each_verb() {
    let ledger = Ledger::open();
    let dispatcher = &ledger.dispatcher;
    let emitted = dispatcher.unit_of_work(|mut work| {
        work.emit(Booked(1));
        work.emit(Cancelled);
        assert_eq!(work.len(), 2);
        assert!(ledger.journal.take().is_empty(), "not true yet");
        Ok::<_, ()>(dispatcher.emit(work.committed()))
    });
    assert_eq!(emitted.expect("committed").events(), 2);
    assert_eq!(ledger.journal.take(), ["booked 1", "cancelled"]);

    let clone = dispatcher.clone();
    let emitted = tokio::spawn(async move {
        let unit = clone.unit_of_work_async(async |mut work| {
            work.emit(Booked(2));
            commit(false).await?;
            Ok::<_, &str>(clone.emit_async(work.committed()).spawned().await)
        });
        unit.await
    });
    let emitted = emitted.await.expect("no panic");
    assert_eq!(emitted.expect("committed").events(), 1);

    std::thread::scope(|scope| {
        let emitting = scope.spawn(|| {
            dispatcher.unit_of_work(|mut work| {
                work.emit(Booked(3));
                dispatcher.emit_blocking(work.committed())
            })
        });
        let report = emitting.join().expect("no panic");
        assert_eq!(report.expect("no runtime here").events(), 1);
    });
    assert_eq!(ledger.journal.take(), ["booked 2", "booked 3"]);
    ledger.assert_dropped(0, 0, &[]);
}

#[test]
fn options_hold_for_the_events_of_a_unit() {
    #[handler]
    fn fails(_event: &Booked) -> Result<(), &'static str> {
        Err("no")
    }

    let dispatcher = Dispatcher::empty().handler(fails).build().expect("wired");
    let emitted = dispatcher.unit_of_work(|mut work| {
        work.emit(Booked(1));
        work.emit(Booked(2));
        Ok::<_, ()>(dispatcher.fail_fast().emit(work.committed()))
    });
    let report = emitted.expect("committed");
    assert_eq!((report.failed(), report.not_emitted()), (1, 1));
}

#[test]
fn a_unit_takes_what_a_domain_object_recorded() {
    let ledger = Ledger::open();
    let mut recorded: PendingEvents = [Booked(2), Booked(3)].into_iter().collect();
    let emitted = ledger.dispatcher.unit_of_work(|mut work| {
        work.emit(Booked(1));
        work.append(&mut recorded);
        Ok::<_, ()>(ledger.dispatcher.emit(work.committed()))
    });
    assert_eq!(emitted.expect("committed").events(), 3);
    assert!(recorded.is_empty());
    assert_eq!(ledger.journal.take(), ["booked 1", "booked 2", "booked 3"]);
}

#[tokio::test]
async fn an_early_return_with_an_error_is_a_rollback_that_is_counted_and_no_failure() {
    let ledger = Ledger::open();
    let declined = ledger.dispatcher.unit_of_work(|mut work| {
        work.emit(Booked(1));
        Err::<(), _>("declined")?;
        Ok(ledger.dispatcher.emit(work.committed()))
    });
    assert_eq!(declined.map(drop), Err("declined"));
    ledger.assert_dropped(1, 0, &[]);

    let refused = ledger.dispatcher.unit_of_work_async(async |mut work| {
        work.emit(Booked(1));
        work.emit(Booked(2));
        commit(true).await?;
        Ok(ledger.dispatcher.emit(work.committed()))
    });
    assert_eq!(refused.await.map(drop), Err("refused"));
    ledger.assert_dropped(3, 0, &[]);
}

#[test]
fn a_rollback_that_is_said_is_counted_and_no_failure() {
    let ledger = Ledger::open();
    let done = ledger.dispatcher.unit_of_work(|mut work| {
        work.emit(Booked(1));
        work.rolled_back();
        Ok::<_, ()>("not today")
    });
    assert_eq!(done, Ok("not today"));
    ledger.assert_dropped(1, 0, &[]);
}

#[test]
fn a_panic_is_a_rollback() {
    let ledger = Ledger::open();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        ledger.dispatcher.unit_of_work(|mut work| -> Done {
            work.emit(Booked(1));
            quiet_panic()
        })
    }));
    assert!(panicked.is_err());
    ledger.assert_dropped(1, 0, &[]);
}

#[tokio::test]
async fn a_unit_whose_future_is_dropped_is_rolled_back() {
    let (ledger, gate) = (Ledger::open(), Gate::default());
    let mut waiting = Box::pin(ledger.dispatcher.unit_of_work_async(async |mut work| {
        work.emit(Booked(1));
        gate.pass().await;
        Ok::<_, ()>(ledger.dispatcher.emit(work.committed()))
    }));
    assert!(poll(&mut waiting).is_none());
    drop(waiting);
    ledger.assert_dropped(1, 0, &[]);
}

/// The words about a unit whose code returned `Ok` and said nothing.
const SAID_NOTHING: &str = "the code of its unit of work returned `Ok` and did not say how the transaction \
                            ended; emit `work.committed()` after the commit, or call `work.rolled_back()`";

#[tokio::test]
async fn a_unit_that_is_forgotten_is_counted_and_a_failure_that_says_what_to_do() {
    let ledger = Ledger::open();
    let done = ledger.dispatcher.unit_of_work(|mut work| {
        work.emit(Booked(1));
        work.emit(Cancelled);
        work.emit(Cancelled);
        Ok::<_, ()>(())
    });
    assert_eq!(done, Ok(()));
    let event = "`it::pending::unit_of_work::Booked` was not emitted, nor were 2 more events";
    ledger.assert_dropped(0, 3, &[&format!("{event}: {SAID_NOTHING}")]);

    let done = ledger.dispatcher.unit_of_work_async(async |mut work| {
        work.emit(Cancelled);
        commit(false).await
    });
    assert_eq!(done.await, Ok(()));
    let event = "`it::pending::unit_of_work::Cancelled` was not emitted";
    ledger.assert_dropped(0, 4, &[&format!("{event}: {SAID_NOTHING}")]);
}

#[test]
fn a_unit_that_outlives_its_code_is_forgotten_when_it_is_dropped_later() {
    let ledger = Ledger::open();
    let kept = ledger.dispatcher.unit_of_work(|mut work| {
        work.emit(Cancelled);
        Ok::<_, ()>(work)
    });
    ledger.assert_dropped(0, 0, &[]);
    drop(kept);
    let event = "`it::pending::unit_of_work::Cancelled` was not emitted";
    ledger.assert_dropped(0, 1, &[&format!("{event}: {SAID_NOTHING}")]);
}

#[tokio::test]
async fn committed_events_that_nobody_emits_are_forgotten_in_each_form() {
    let forms: [fn(&Dispatcher, CommittedEvents); 2] = [
        |_, committed| drop(committed),
        // A future that is never polled.
        |dispatcher, committed| drop(dispatcher.emit_async(committed)),
    ];
    for forget in forms {
        let ledger = Ledger::open();
        let done = ledger.dispatcher.unit_of_work(|mut work| {
            work.emit(Booked(1));
            work.emit(Booked(2));
            forget(&ledger.dispatcher, work.committed());
            Ok::<_, ()>(())
        });
        assert_eq!(done, Ok(()));
        let text = "`it::pending::unit_of_work::Booked` was not emitted, nor was 1 more event: what \
                    `committed()` of a unit of work returned was dropped; emit it, with \
                    `dispatcher.emit(work.committed())`, `emit_async` or `emit_blocking`";
        ledger.assert_dropped(0, 2, &[text]);
    }
}

#[test]
fn a_unit_without_events_may_be_dropped() {
    let ledger = Ledger::open();
    let done = ledger.dispatcher.unit_of_work(|work| {
        assert!(work.is_empty());
        Ok::<_, ()>(())
    });
    assert_eq!(done, Ok(()));
    let done = ledger.dispatcher.unit_of_work(|work| {
        drop(work.committed());
        Ok::<_, ()>(())
    });
    assert_eq!(done, Ok(()));
    ledger.assert_dropped(0, 0, &[]);
}

#[tokio::test]
async fn a_dispatcher_that_was_shut_down_says_that_nothing_was_emitted() {
    let ledger = Ledger::open();
    let limit = Duration::from_mins(1);
    assert!(ledger.dispatcher.shutdown(limit).await.is_complete());
    let emitted = ledger.dispatcher.unit_of_work(|mut work| {
        work.emit(Booked(1));
        Ok::<_, ()>(ledger.dispatcher.emit(work.committed()))
    });
    let report = emitted.expect("committed");
    assert!(report.closed());
    assert_eq!(report.not_emitted(), 1);
    ledger.assert_dropped(0, 0, &[]);
    assert_eq!(ledger.dispatcher.counts(), DispatcherCounts::default());
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
fn events_whose_drop_panics_do_not_hide_how_the_transaction_ended() {
    let ledger = Ledger::open();
    let declined = ledger.dispatcher.unit_of_work(|mut work| {
        work.emit(Grenade);
        work.emit(Grenade);
        Err::<(), _>("declined")
    });
    assert_eq!(declined, Err("declined"));
    ledger.assert_dropped(2, 0, &[]);
}
