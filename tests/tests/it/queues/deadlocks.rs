//! A program whose queues would wait for themselves is refused; all others are accepted.

use event_core::error::{BuildError, ProblemKind};
use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::{AnyEvent, Dispatcher, Emitter, Event, dispatcher::DispatcherBuilder, handler};
use event_tests::runtime;

static ONE: Queue = Queue::new("one");
static TWO: Queue = Queue::new("two");
static DROPS: Queue = Queue::new("drops").overflow(Overflow::DropOldest);
static UI: LocalQueue<u8> = LocalQueue::new("ui");

#[derive(Event)]
struct A;
#[derive(Event)]
struct B;
#[derive(Event)]
struct C;
#[derive(Event)]
struct D;

#[handler(queue = ONE)]
fn a_to_a(_event: &A) -> Option<A> {
    None
}

#[handler(queue = ONE)]
fn a_to_b(_event: &A) -> B {
    B
}

#[handler(queue = ONE)]
async fn a_to_bs(_event: &A) -> Vec<B> {
    Vec::new()
}

#[handler(queue = ONE)]
fn a_to_b_or_fails(_event: &A) -> Result<(C, Option<B>), String> {
    Err(String::new())
}

#[handler(queue = ONE)]
fn a_emits_b(_event: &A, emitter: Emitter<(B, D)>) {
    emitter.emit_after(D);
}

#[handler(queue = TWO)]
fn b_to_a_in_two(_event: &B) -> A {
    A
}

#[handler(queue = DROPS)]
fn b_to_a_in_drops(_event: &B) -> A {
    A
}

#[handler(queue = UI)]
fn b_to_a_in_ui(_event: &B) -> A {
    A
}

#[handler]
fn b_to_a_inline(_event: &B) -> A {
    A
}

#[handler]
async fn b_to_a_detached(_event: &B) -> A {
    A
}

#[handler(queue = ONE)]
fn b_in_one(_event: &B) {}

#[handler(queue = TWO)]
fn b_in_two(_event: &B) {}

#[handler(queue = TWO)]
fn c_to_d_in_two(_event: &C) -> D {
    D
}

#[handler(queue = ONE)]
fn d_in_one(_event: &D) {}

#[handler]
fn b_to_c_inline(_event: &B) -> C {
    C
}

#[handler(queue = ONE)]
fn everything_in_one(_event: &dyn AnyEvent) {}

fn build(builder: DispatcherBuilder) -> Result<Dispatcher, BuildError> {
    let runtime = runtime();
    builder.runtime(runtime.handle().clone()).build()
}

fn is_refused(builder: DispatcherBuilder, names: &[&str]) {
    let error = build(builder).expect_err("its queues can wait for themselves");
    let [problem] = error.problems() else {
        panic!("one problem: {error}")
    };
    assert_eq!(problem.kind(), ProblemKind::Deadlock);
    for name in names {
        assert!(error.to_string().contains(name), "no {name} in {error}");
    }
}

fn is_accepted(builder: DispatcherBuilder) {
    build(builder).expect("nobody waits for themselves");
}

fn of<F: Copy + 'static>(handler: F) -> DispatcherBuilder {
    Dispatcher::empty().handler(handler)
}

#[test]
fn an_event_that_causes_itself_through_a_queue_is_refused() {
    is_refused(of(a_to_a), &["`one`", "a_to_a", "it::queues::deadlocks::A"]);
}

#[test]
fn two_queues_that_wait_for_each_other_are_refused() {
    let names = ["`one`", "`two`", "a_to_b", "b_to_a_in_two"];
    is_refused(of(a_to_b).handler(b_to_a_in_two), &names);
}

#[test]
fn a_cycle_is_found_in_every_form_of_return_and_through_an_emitter() {
    is_refused(of(a_to_bs).handler(b_to_a_in_two), &["a_to_bs"]);
    is_refused(
        of(a_to_b_or_fails).handler(b_to_a_in_two),
        &["a_to_b_or_fails"],
    );
    is_refused(of(a_emits_b).handler(b_to_a_in_two), &["a_emits_b"]);
}

#[test]
fn a_cycle_through_inline_handlers_is_refused() {
    is_refused(
        of(a_to_b).handler(b_to_a_inline),
        &["a_to_b", "b_to_a_inline"],
    );
}

#[test]
fn two_events_that_share_a_queue_are_refused_without_a_cycle_of_events() {
    // The queue's consumer would wait for capacity that only this consumer frees.
    is_refused(
        of(a_to_b).handler(b_in_one),
        &["`one`", "a_to_b", "b_in_one"],
    );
    is_refused(
        of(a_to_b)
            .handler(b_to_c_inline)
            .handler(c_to_d_in_two)
            .handler(d_in_one),
        &[
            "`one`",
            "`two`",
            "b_to_c_inline",
            "c_to_d_in_two",
            "d_in_one",
        ],
    );
}

#[test]
fn a_catch_all_in_the_queue_that_causes_what_it_sees_is_refused() {
    is_refused(
        of(a_to_b).handler(everything_in_one),
        &["everything_in_one"],
    );
}

#[test]
fn queues_that_wait_in_one_direction_are_accepted() {
    is_accepted(of(a_to_b).handler(b_in_two));
    is_accepted(
        of(b_to_a_in_two)
            .handler(a_to_b_or_fails)
            .without(b_to_a_in_two),
    );
    is_accepted(of(everything_in_one));
}

#[test]
fn a_cycle_with_one_queue_that_does_not_wait_is_accepted() {
    is_accepted(of(a_to_b).handler(b_to_a_in_drops));
    is_accepted(of(a_to_b).handler(b_to_a_in_ui));
}

#[test]
fn a_cycle_through_a_task_is_accepted_since_the_consumer_does_not_wait_for_it() {
    is_accepted(of(a_to_b).handler(b_to_a_detached));
}

#[test]
fn what_the_builder_configures_counts() {
    let waits = |builder: DispatcherBuilder| {
        builder.configure(&DROPS, |drops| drops.overflow(Overflow::Wait))
    };
    is_refused(waits(of(a_to_b).handler(b_to_a_in_drops)), &["`drops`"]);
    let rejects =
        |builder: DispatcherBuilder| builder.configure(&TWO, |two| two.overflow(Overflow::Reject));
    is_accepted(rejects(of(a_to_b).handler(b_to_a_in_two)));
}

#[test]
fn each_cycle_is_one_problem() {
    let error = build(of(a_to_b).handler(b_in_one).handler(b_to_a_in_two));
    let error = error.expect_err("`one` waits for itself, and for `two`");
    assert_eq!(error.problems().len(), 2, "{error}");
}

static THREE: Queue = Queue::new("three");

#[handler(queue = TWO)]
fn d_to_c_in_two(_event: &D) -> C {
    C
}

#[handler(queue = THREE)]
fn c_to_a_in_three(_event: &C) -> A {
    A
}

#[test]
fn the_text_leads_through_handlers_that_share_a_queue() {
    let error = build(
        of(a_to_b)
            .handler(b_in_two)
            .handler(d_to_c_in_two)
            .handler(c_to_a_in_three),
    );
    let error = error.expect_err("what waits in `two` for room in `three` holds up the rest of it");
    let text = error.to_string();
    let way = "queues `one` and `three` and `two` can wait for capacity in each other: \
               `it::queues::deadlocks::A` → `it::queues::deadlocks::a_to_b` (`one`) \
               → `it::queues::deadlocks::B` → `it::queues::deadlocks::b_in_two` (`two`) \
               → behind it `it::queues::deadlocks::D` → `it::queues::deadlocks::d_to_c_in_two` (`two`) \
               → `it::queues::deadlocks::C` → `it::queues::deadlocks::c_to_a_in_three` (`three`) \
               → `it::queues::deadlocks::A` → `it::queues::deadlocks::a_to_b` (`one`)\n";
    assert!(text.contains(way), "{text}");
}
