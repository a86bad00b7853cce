//! In which order the handlers of one event run.

use event_core::{Dispatcher, Event, handler};
use event_tests::Journal;

event_core::module!();

#[derive(Event)]
struct Started;

// Written in an order that is neither the expected one nor its reverse.

#[handler]
fn m_default(_event: &Started, journal: &Journal) {
    journal.write("m");
}

#[handler(priority = 10)]
fn a_late(_event: &Started, journal: &Journal) {
    journal.write("late");
}

#[handler(after = z_before_all)]
fn b_after_z(_event: &Started, journal: &Journal) {
    journal.write("after z");
}

#[handler(priority = -10)]
fn y_early(_event: &Started, journal: &Journal) {
    journal.write("early");
}

#[handler(before = [y_early, b_after_z])]
fn z_before_all(_event: &Started, journal: &Journal) {
    journal.write("z");
}

#[handler(after = fails)]
fn after_failure(_event: &Started, journal: &Journal) {
    journal.write("after failure");
}

#[handler(priority = 20)]
fn fails(_event: &Started, journal: &Journal) -> Result<(), String> {
    journal.write("fails");
    Err("on purpose".to_owned())
}

fn run(builder: event_core::dispatcher::DispatcherBuilder) -> Vec<String> {
    let journal = std::sync::Arc::new(Journal::default());
    let dispatcher = builder.provide_arc(journal.clone()).build().expect("wired");
    dispatcher.emit(Started);
    journal.take()
}

#[test]
fn handlers_run_by_constraint_then_priority_then_path() {
    // `y_early` waits for `z_before_all` although its priority is lower, and is then the
    // lowest of those that may run.
    assert_eq!(
        run(Dispatcher::builder().only_modules([MODULE])),
        [
            "m",
            "z",
            "early",
            "after z",
            "late",
            "fails",
            "after failure"
        ],
    );
}

#[test]
fn a_handler_that_is_left_out_satisfies_every_constraint() {
    assert_eq!(
        run(Dispatcher::builder()
            .only_modules([MODULE])
            .without(z_before_all)
            .without(fails)),
        ["early", "after failure", "after z", "m", "late"],
    );
}

#[test]
fn only_keeps_the_named_handlers() {
    assert_eq!(
        run(Dispatcher::builder().only(a_late).only(b_after_z)),
        ["after z", "late"],
    );
}

#[test]
fn subscriptions_come_after_handlers_of_equal_priority_in_order_of_subscription() {
    let journal = std::sync::Arc::new(Journal::default());
    let dispatcher = Dispatcher::builder()
        .only(m_default)
        .only(y_early)
        .only(a_late)
        .provide_arc(journal.clone())
        .build()
        .expect("wired");
    let write = |text: &'static str| {
        let journal = journal.clone();
        move |_: &Started| journal.write(text)
    };
    let _guards = [
        dispatcher.subscribe(write("first")),
        dispatcher.subscribe(write("second")),
        dispatcher
            .subscription_builder()
            .priority(-10)
            .subscribe(write("with early")),
        dispatcher
            .subscription_builder()
            .priority(-11)
            .subscribe(write("before early")),
        dispatcher
            .subscription_builder()
            .priority(11)
            .subscribe(write("last")),
    ];
    let report = dispatcher.emit(Started);
    assert_eq!(report.done(), 8);
    assert_eq!(
        journal.take(),
        [
            "before early",
            "early",
            "with early",
            "m",
            "first",
            "second",
            "late",
            "last"
        ],
    );
}
