//! Which emits count among those that run inside of each other.

use std::num::NonZeroU32;
use std::time::Duration;

use event_core::queue::{LocalQueue, Queue};
use event_core::{Event, dispatcher::DispatcherBuilder, handler};
use event_tests::Heard;

use super::{Build, Choose, Probe, Setting, cases, too_deep, too_many};

#[test]
fn a_failure_at_a_limit_counts_the_emits_that_ran() {
    for limit in [1, 2, 5] {
        for case in cases() {
            let outcome = (case.run)(Setting {
                nesting: NonZeroU32::new(limit),
                ..Setting::of(Build::Plain)
            });
            let ran = outcome.probe.calls();
            assert_eq!(ran, limit as usize, "{} from {}", case.event, case.from);
            assert_eq!(outcome.failures, [too_many(case.event, ran)]);

            let outcome = (case.run)(Setting {
                depth: Some(limit),
                ..Setting::of(Build::Plain)
            });
            let ran = outcome.probe.calls();
            assert_eq!(ran, limit as usize + 1, "{} from {}", case.event, case.from);
            assert_eq!(outcome.failures, [too_deep(case.event, ran)]);
        }
    }
}

#[derive(Event)]
struct Start;

#[derive(Event)]
struct Nested;

static THREADS: Queue = Queue::new("threads");

static TASKS: Queue = Queue::new("tasks");

static OWNED: LocalQueue<()> = LocalQueue::new("owned");

fn emits_again(probe: &Probe) {
    probe.count();
    probe.handle.emit(Nested).expect("it lives");
}

#[handler]
fn nests(_event: &Nested, probe: &Probe) {
    emits_again(probe);
}

#[handler(queue = THREADS)]
fn on_thread(_event: &Start, probe: &Probe) {
    emits_again(probe);
}

#[handler(queue = THREADS)]
async fn async_on_thread(_event: &Start, probe: &Probe) {
    emits_again(probe);
}

/// Makes the queue one that threads serve.
#[handler(queue = THREADS)]
fn blocks(_event: &Nested) {}

#[handler(queue = TASKS)]
async fn on_task(_event: &Start, probe: &Probe) {
    emits_again(probe);
}

#[handler]
async fn detached(_event: &Start, probe: &Probe) {
    emits_again(probe);
}

#[handler(queue = OWNED)]
fn pumped(_event: &Start, (): &mut (), probe: &Probe) {
    emits_again(probe);
}

#[test]
fn a_delivery_that_runs_later_counts_among_the_emits_inside_of_it() {
    let choices: [Choose; 5] = [
        |builder| builder.handler(on_thread),
        |builder| builder.handler(async_on_thread).handler(blocks),
        |builder| builder.handler(on_task),
        |builder| builder.handler(detached),
        |builder| builder.handler(pumped),
    ];
    for choose in choices {
        let runtime = event_tests::runtime();
        let (builder, probe) = Setting::of(Build::Plain).builder();
        let heard = Heard::default();
        let builder = builder
            .nesting_limit(5)
            .runtime(runtime.handle().clone())
            .on_failure(heard.hook())
            .handler(nests);
        let dispatcher = choose(builder).build().expect("wired");
        dispatcher.emit(Start);
        if let Ok(owned) = dispatcher.queue(&OWNED) {
            owned.pump(&mut ());
        }
        let shutdown = dispatcher.shutdown(Duration::from_mins(1)).blocking();
        assert!(shutdown.is_complete(), "{shutdown}");
        assert_eq!(probe.calls(), 5);
        assert_eq!(heard.take(), [too_many("nested_emits::counted::Nested", 5)]);
    }
}

#[handler]
async fn shields(_event: &Nested, probe: &Probe) {
    probe.count();
    probe.dispatcher().emit_async(Nested).spawned().await;
}

#[handler]
async fn shields_once(_event: &Start, probe: &Probe) {
    probe.dispatcher().emit_async(Nested).spawned().await;
}

#[test]
fn a_shielded_emission_is_inside_of_others_and_not_on_their_stack() {
    let runtime = event_tests::runtime();
    let emit = |builder: DispatcherBuilder| {
        let builder = builder.runtime(runtime.handle().clone());
        let dispatcher = builder.build().expect("wired");
        runtime.block_on(dispatcher.emit_async(Nested));
        runtime.block_on(dispatcher.emit_async(Start));
    };
    let (builder, probe) = Setting::of(Build::Plain).builder();
    emit(builder.handler(shields).nesting_limit(2));
    assert_eq!(
        probe.calls(),
        257,
        "each has a stack of its own, and all have causes"
    );

    let (builder, probe) = Setting::of(Build::Plain).builder();
    emit(
        builder
            .handler(shields_once)
            .handler(nests)
            .nesting_limit(5),
    );
    assert_eq!(
        probe.calls(),
        5 + 5,
        "the first of the second five is shielded"
    );
}
