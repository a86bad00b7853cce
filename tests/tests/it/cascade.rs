//! Events that handlers cause: when they are emitted, and where that ends.

#![allow(
    clippy::unnecessary_wraps,
    reason = "handlers return what the test is about"
)]

use std::sync::Arc;

use event_core::{Dispatcher, Emitter, Event, PendingEvents, handler};
use event_tests::Journal;

event_core::module!();

#[derive(Event)]
struct Ordered;
#[derive(Event)]
struct Reserved(u8);
#[derive(Event)]
struct Paid;
#[derive(Event)]
struct Shipped;

#[handler]
fn a_reserve(_event: &Ordered, journal: &Journal) -> Vec<Reserved> {
    journal.write("a_reserve");
    vec![Reserved(1), Reserved(2)]
}

#[handler]
fn b_pay(_event: &Ordered, emitter: Emitter<(Paid, Reserved)>, journal: &Journal) -> Option<Paid> {
    journal.write("b_pay");
    emitter.emit_after(Reserved(3));
    emitter.emit_after(Paid);
    Some(Paid)
}

#[handler]
fn c_fails_after_emitting(_event: &Ordered, emitter: Emitter<Reserved>) -> Result<Paid, String> {
    emitter.emit_after(Reserved(4));
    Err("no".to_owned())
}

#[handler]
fn d_panics_after_emitting(_event: &Ordered, emitter: Emitter<Reserved>) {
    emitter.emit_after(Reserved(5));
    panic!("no");
}

#[handler]
fn e_last(_event: &Ordered, journal: &Journal) -> Result<(Reserved, Option<Paid>), String> {
    journal.write("e_last");
    Ok((Reserved(6), None))
}

#[handler]
fn on_reserved(event: &Reserved, journal: &Journal) -> Option<Shipped> {
    journal.write(format!("reserved {}", event.0));
    (event.0 == 1).then_some(Shipped)
}

#[handler]
fn on_paid(_event: &Paid, journal: &Journal) {
    journal.write("paid");
}

#[handler]
fn on_shipped(_event: &Shipped, journal: &Journal) {
    journal.write("shipped");
}

#[derive(Event)]
struct Echo(u64);

#[handler]
fn echo_for_ever(event: &Echo) -> Echo {
    Echo(event.0 + 1)
}

#[derive(Event)]
struct Doubling;

#[handler]
fn double(_event: &Doubling) -> (Doubling, Doubling) {
    (Doubling, Doubling)
}

#[derive(Event)]
struct Nested(u64);

#[handler]
fn nest(event: &Nested, handle: &event_core::dispatcher::DispatcherHandle, journal: &Journal) {
    let report = handle.emit(Nested(event.0 + 1)).expect("alive");
    for failure in report.failures() {
        journal.write(failure.to_string());
    }
    if event.0 == 0 {
        journal.write("unwound");
    }
}

fn build() -> (Dispatcher, Arc<Journal>) {
    let journal = Arc::new(Journal::default());
    let builder = Dispatcher::builder().only_modules([MODULE]);
    let handle = builder.handle();
    let dispatcher = builder
        .provide(handle)
        .provide_arc(journal.clone())
        .build()
        .expect("wired");
    (dispatcher, journal)
}

#[test]
fn all_handlers_see_a_cause_before_its_effects_first_in_first_out() {
    let (dispatcher, journal) = build();
    let report = dispatcher.emit(Ordered);
    assert_eq!(
        journal.take(),
        [
            "a_reserve",
            "b_pay",
            "e_last",
            "reserved 1",
            "reserved 2",
            "reserved 3",
            "paid",
            "paid",
            "reserved 4",
            "reserved 5",
            "reserved 6",
            "shipped",
        ],
    );
    assert_eq!(report.events(), 10);
    assert_eq!(
        (report.done(), report.failed(), report.panicked()),
        (12, 1, 1)
    );
    let reserved: Vec<_> = report
        .returned::<Reserved>()
        .map(|(handler, event)| (handler.name(), event.0))
        .collect();
    assert_eq!(
        reserved,
        [
            ("it::cascade::a_reserve", 1),
            ("it::cascade::a_reserve", 2),
            ("it::cascade::b_pay", 3),
            ("it::cascade::c_fails_after_emitting", 4),
            ("it::cascade::d_panics_after_emitting", 5),
            ("it::cascade::e_last", 6),
        ],
    );
}

#[test]
fn try_emit_emits_nothing_that_was_caused_before_the_failure() {
    let (dispatcher, journal) = build();
    let error = dispatcher
        .fail_fast()
        .emit(Ordered)
        .into_result()
        .expect_err("c fails");
    assert_eq!(journal.take(), ["a_reserve", "b_pay"]);
    assert_eq!(error.report().events(), 1);
    assert_eq!(error.report().not_emitted(), 6);
    assert_eq!(
        error.report().returned::<Reserved>().count(),
        4,
        "nothing is lost"
    );
}

#[test]
fn recorded_events_are_all_emitted_before_their_effects() {
    let (dispatcher, journal) = build();
    let mut pending = PendingEvents::new();
    pending.record(Reserved(1));
    pending.record(Paid);
    pending.record(Reserved(9));
    let report = dispatcher.emit(pending);
    assert_eq!(
        journal.take(),
        ["reserved 1", "paid", "reserved 9", "shipped"]
    );
    assert_eq!(report.events(), 4);
}

#[test]
fn recorded_events_do_not_count_towards_the_limit() {
    let dispatcher = Dispatcher::builder()
        .only(on_reserved)
        .provide(Journal::default())
        .count_limit(1)
        .build()
        .expect("wired");
    let pending: PendingEvents = (2..202)
        .map(|n| Reserved(u8::try_from(n).unwrap_or(9)))
        .collect();
    let report = dispatcher.emit(pending);
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(report.events(), 200);
}

#[test]
fn a_chain_without_end_ends_at_the_depth_limit() {
    let (dispatcher, _) = build();
    let report = dispatcher.emit(Echo(0));
    assert_eq!(report.events(), 257);
    assert_eq!(report.not_emitted(), 1);
    let (by, last) = report.returned::<Echo>().last().expect("they are kept");
    assert_eq!(last.0, 257);
    assert_eq!(
        report.failures()[0].to_string(),
        format!(
            "`it::cascade::Echo` was not emitted: more than 256 causes lie before it, caused by \
             handler {by}"
        ),
    );
}

#[test]
fn a_flood_ends_at_the_count_limit() {
    let (dispatcher, _) = build();
    let report = dispatcher.emit(Doubling);
    assert_eq!(report.events(), 10_001);
    assert_eq!(report.failures().len(), 1);
    let text = report.failures()[0].to_string();
    assert!(text.contains("one root caused more than 10000"), "{text}");
    // Each of the 10,001 caused two; 10,000 of those were emitted.
    assert_eq!(report.not_emitted(), 10_002);
    assert!(text.contains("10001 more events"), "{text}");
}

#[test]
fn emits_inside_handlers_are_bounded_too_and_every_enclosing_report_says_so() {
    let (dispatcher, journal) = build();
    let refused = "`it::cascade::Nested` was not emitted: 64 emits are running inside each other on \
                   this thread, as many as the `nesting_limit` lets; a handler that returns its \
                   event nests none";
    let report = dispatcher.emit(Nested(0));
    assert_eq!(report.failures().len(), 1);
    assert_eq!(report.failures()[0].to_string(), refused);
    let lines = journal.take();
    assert_eq!(lines.len(), 64 + 1);
    assert!(lines[..64].iter().all(|line| line == refused));
    assert_eq!(lines[64], "unwound");
    // Nothing of it is left behind.
    assert!(dispatcher.emit(Shipped).is_ok());
    // The depth is given back.
    assert_eq!(dispatcher.emit(Echo(0)).events(), 257);
}

#[test]
fn an_emitter_kept_beyond_its_delivery_emits_a_root_of_its_own() {
    use event_core::param::{Delivery, Param, Resolver};
    // A parameter may wrap an emitter, and a handler may keep it.
    struct Kept(Emitter<Reserved>);
    impl Param for Kept {
        type State = <Emitter<Reserved> as Param>::State;
        type Rejection = <Emitter<Reserved> as Param>::Rejection;
        fn resolve(resolver: &mut Resolver<'_>) -> Option<Self::State> {
            Emitter::<Reserved>::resolve(resolver)
        }
        fn param(state: &Self::State, delivery: &Delivery<'_>) -> Result<Self, Self::Rejection> {
            Emitter::param(state, delivery).map(Kept)
        }
    }
    #[derive(Event)]
    struct Opened;
    #[derive(Default)]
    struct Shelf(std::sync::Mutex<Option<Kept>>);
    #[handler]
    fn keep(_event: &Opened, kept: Kept, shelf: Option<&Shelf>) {
        if let Some(shelf) = shelf {
            *shelf.0.lock().expect("not poisoned") = Some(kept);
        }
    }
    let journal = Arc::new(Journal::default());
    let shelf = Arc::new(Shelf::default());
    let dispatcher = Dispatcher::builder()
        .only(keep)
        .only(on_reserved)
        .provide_arc(journal.clone())
        .provide_arc(shelf.clone())
        .build()
        .expect("wired");
    dispatcher.emit(Opened);
    let kept = shelf.0.lock().expect("not poisoned").take().expect("kept");
    kept.0.emit_after(Reserved(7));
    assert_eq!(journal.take(), ["reserved 7"]);
}

#[test]
fn emits_inside_handlers_are_counted_too() {
    #[derive(Event)]
    struct Doubled;
    let builder = Dispatcher::empty().depth_limit(16).count_limit(100);
    let handle = builder.handle();
    let dispatcher = builder.build().expect("wired");
    let made = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = made.clone();
    dispatcher
        .subscribe(move |_: &Doubled| {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            for _ in 0..2 {
                let _ = handle.emit(Doubled);
            }
        })
        .detach();
    for _ in 0..3 {
        let report = dispatcher.emit(Doubled);
        let made = made.swap(0, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(made, 101, "the outermost and what it may make");
        let text = report.failures()[0].to_string();
        assert!(
            text.ends_with("handlers of one event made more than 100 emits of their own"),
            "{text}"
        );
    }
}

#[test]
fn an_event_whose_drop_emits_it_again_ends() {
    #[derive(Event)]
    struct Undead {
        #[event(redact)]
        handle: event_core::dispatcher::DispatcherHandle,
    }
    impl Drop for Undead {
        fn drop(&mut self) {
            let handle = self.handle.clone();
            let _ = self.handle.emit(Undead { handle });
        }
    }
    let dispatcher = Dispatcher::empty().depth_limit(16).build().expect("wired");
    let report = dispatcher.emit(Undead {
        handle: dispatcher.handle(),
    });
    assert_eq!(report.failures().len(), 1, "{report}");
    let _handled = dispatcher.subscribe(|_: &Undead| {});
    let report = dispatcher.emit(Undead {
        handle: dispatcher.handle(),
    });
    assert_eq!(report.failures().len(), 1, "{report}");
}

/// A recorded event whose `Drop` records and emits it again.
#[derive(Event)]
struct Restless {
    #[event(redact)]
    handle: event_core::dispatcher::DispatcherHandle,
    #[event(redact)]
    dropped: Arc<std::sync::atomic::AtomicUsize>,
}

impl Restless {
    fn emit(&self) -> Option<event_core::report::Report> {
        let again = Self {
            handle: self.handle.clone(),
            dropped: self.dropped.clone(),
        };
        let dispatcher = self.handle.get().ok()?;
        Some(dispatcher.emit(std::iter::once(again).collect::<PendingEvents>()))
    }
}

impl Drop for Restless {
    fn drop(&mut self) {
        self.dropped
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let _ = self.emit();
    }
}

#[test]
fn a_recorded_event_whose_drop_emits_it_again_ends_whether_the_dispatcher_is_open_or_not() {
    let dispatcher = Dispatcher::empty()
        .nesting_limit(16)
        .build()
        .expect("wired");
    let dropped = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let restless = || {
        std::mem::ManuallyDrop::new(Restless {
            handle: dispatcher.handle(),
            dropped: dropped.clone(),
        })
    };
    let report = restless().emit().expect("alive");
    assert_eq!(report.failures().len(), 1, "{report}");
    let while_open = dropped.swap(0, std::sync::atomic::Ordering::Relaxed);
    assert!((16..=18).contains(&while_open), "{while_open}");

    assert!(
        dispatcher
            .shutdown(std::time::Duration::ZERO)
            .blocking()
            .is_complete()
    );
    let report = restless().emit().expect("alive");
    assert_eq!(report.failures().len(), 1, "{report}");
    let while_closed = dropped.swap(0, std::sync::atomic::Ordering::Relaxed);
    assert!((16..=18).contains(&while_closed), "{while_closed}");
}

#[test]
fn recorded_events_that_are_refused_are_all_counted() {
    #[derive(Event)]
    struct Opened;
    let builder = Dispatcher::empty().depth_limit(0);
    let handle = builder.handle();
    let dispatcher = builder.build().expect("wired");
    let reports = Arc::new(std::sync::Mutex::new(Vec::new()));
    let written = reports.clone();
    let _opening = dispatcher.subscribe(move |_: &Opened| {
        let pending: PendingEvents = (0..3).map(Reserved).collect();
        let report = handle.get().expect("alive").emit(pending);
        written
            .lock()
            .expect("not poisoned")
            .push((report.events(), report.not_emitted()));
    });
    let report = dispatcher.emit(Opened);
    assert_eq!(*reports.lock().expect("not poisoned"), [(0, 3)]);
    assert!(!report.is_ok(), "the enclosing report says so");
}
