//! What a build refuses about `retry` and `timeout`.

use event_core::error::{Problem, ProblemKind};
use event_core::queue::Queue;
use event_core::{AnyEvent, Dispatcher, Event, dispatcher::DispatcherBuilder, handler};
use expect_test::expect;

use super::THREADS;

static LEDGER: Queue = Queue::new("retry ledger");

#[derive(Event)]
#[event(name = "retry.booked")]
struct Booked;

#[derive(Event)]
#[event(name = "retry.paid", key = account)]
struct Paid {
    account: u32,
}

#[handler(queue = LEDGER, retry(ordered))]
fn books(_event: &Booked) {}

#[handler(queue = LEDGER, retry(ordered))]
fn pays(_event: &Paid) {}

#[handler(queue = LEDGER, retry(ordered), events = "retry.booked")]
fn sees_booked(_event: &dyn AnyEvent) {}

#[handler(queue = LEDGER, retry(ordered), events = "retry.*")]
fn sees_all(_event: &dyn AnyEvent) {}

/// Shows an error, whose problems are all of one kind, without the number of each line.
fn shown(builder: DispatcherBuilder, kind: ProblemKind) -> String {
    let error = builder.build().expect_err("a problem");
    let mut kinds = error.problems().iter().map(Problem::kind);
    assert!(kinds.all(|other| other == kind), "{error}");
    let text = error.to_string();
    let lines = text.lines().map(|line| match line.rsplit_once(".rs:") {
        Some((file, rest)) => {
            let after = rest.trim_start_matches(|at: char| at.is_ascii_digit());
            format!("{file}.rs:LINE{after}")
        }
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn an_order_of_events_without_a_key_is_refused_with_handler_event_and_fix() {
    let both = Dispatcher::empty()
        .handler(books)
        .handler(sees_booked)
        .handler(pays);
    let text = shown(both, ProblemKind::OrderedWithoutKey);
    expect![[r"
        the dispatcher cannot be built; 2 problems:

        handler `it::retry::refused::books` says `retry(ordered)`, but its event `retry.booked` has no `key`, so that no delivery waits for another
          --> tests/tests/it/retry/refused.rs:LINE retry.booked
          --> tests/tests/it/retry/refused.rs:LINE
          help: add `#[event(key = …)]` to `Booked`, with the field whose deliveries keep their order, or remove `ordered`

        handler `it::retry::refused::sees_booked` says `retry(ordered)`, but none of the events that it sees has a `key`, so that no delivery waits for another
          --> tests/tests/it/retry/refused.rs:LINE
          help: add `#[event(key = …)]` to those whose deliveries keep their order, or remove `ordered`"]].assert_eq(&text);
}

#[tokio::test]
async fn an_order_of_events_with_a_key_and_of_a_catch_all_that_sees_one_is_built() {
    let builder = Dispatcher::empty().handler(pays).handler(sees_all);
    assert!(builder.build().is_ok());
}

#[handler(timeout = "1s")]
async fn in_time(_event: &Booked) {}

#[handler(retry)]
async fn again(_event: &Booked) {}

#[handler(queue = LEDGER, retry)]
async fn again_in_tasks(_event: &Booked) {}

#[handler(queue = THREADS, retry)]
fn again_in_threads(_event: &Booked) {}

#[handler(queue = THREADS, retry)]
async fn again_beside_threads(_event: &Booked) {}

#[handler]
async fn at_any_time(_event: &Booked) {}

fn without_timers() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.build().expect("a runtime")
}

#[test]
fn a_timeout_or_a_retry_without_timers_is_refused_with_its_handlers_and_the_fix() {
    let runtime = without_timers();
    let builder = Dispatcher::empty()
        .handler(in_time)
        .handler(again)
        .handler(again_in_tasks)
        .handler(again_in_threads)
        .handler(at_any_time)
        .runtime(runtime.handle().clone());
    // The panic with which the runtime says so is caught, and shown by the panic hook.
    let text = shown(builder, ProblemKind::MissingTimers);
    expect![[r"
        the dispatcher cannot be built; 1 problem:

        handlers with a `timeout` or `retry` need timers, which the tokio runtime does not have
          --> tests/tests/it/retry/refused.rs:LINE it::retry::refused::in_time
          --> tests/tests/it/retry/refused.rs:LINE it::retry::refused::again
          --> tests/tests/it/retry/refused.rs:LINE it::retry::refused::again_in_tasks
          help: call `.enable_time()` or `.enable_all()` on the `tokio::runtime::Builder`"]]
    .assert_eq(&text);
}

#[test]
fn without_timers_the_next_attempts_on_threads_are_timed_by_a_thread() {
    let runtime = without_timers();
    let builder = Dispatcher::empty()
        .handler(again_in_threads)
        .handler(again_beside_threads)
        .handler(at_any_time)
        .runtime(runtime.handle().clone());
    assert!(builder.build().is_ok());
}

#[test]
fn with_timers_both_are_built() {
    let runtime = super::paused_runtime();
    let builder = Dispatcher::empty().handler(in_time).handler(again);
    let built = builder.runtime(runtime.handle().clone()).build();
    assert!(built.is_ok());
}
