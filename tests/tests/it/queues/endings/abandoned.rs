//! What is abandoned when the runtime ends.

use std::sync::Arc;
use std::thread;

use event_core::Dispatcher;
use event_core::report::DeliveryStatus;
use event_tests::{Gate, runtime, until};
use pollster::block_on;

use super::{HELD, Heard, Job, adds_up, hears, held, taken};

#[test]
fn what_waits_and_runs_when_the_runtime_ends_is_abandoned_and_so_is_what_comes_later() {
    let (runtime, heard, gate) = (runtime(), Heard::default(), Arc::new(Gate::default()));
    let dispatcher = hears(Dispatcher::empty().handler(held), &heard)
        .provide_arc(gate.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..3 {
        dispatcher.emit(Job(number));
        if number == 0 {
            gate.wait_for(1);
        }
    }
    drop(runtime);
    let queue = dispatcher.queue(&HELD).expect("a handler names it");
    assert_eq!(queue.counts().abandoned, 3);
    adds_up(&queue);
    assert_eq!(taken(&heard), [DeliveryStatus::Abandoned; 3]);
    let report = dispatcher.emit(Job(3));
    assert_eq!(report.handed_over(), 0);
    assert_eq!(
        report.failures()[0].ended(),
        Some(DeliveryStatus::Abandoned)
    );
    let text = report.failures()[0].to_string();
    assert!(
        text.contains("queue `held` is not served any more: the tokio runtime"),
        "{text}"
    );
    assert_eq!(queue.counts().abandoned, 4);
    adds_up(&queue);
    block_on(queue.join());
}

#[test]
fn a_queue_whose_runtime_had_ended_before_the_first_delivery_abandons_it() {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let dispatcher = Dispatcher::empty()
        .handler(held)
        .configure(&HELD, |held| held.consumers(3))
        .provide_arc(gate)
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    drop(runtime);
    let report = dispatcher.emit(Job(0));
    assert_eq!(
        report.failures()[0].ended(),
        Some(DeliveryStatus::Abandoned)
    );
    adds_up(&dispatcher.queue(&HELD).expect("a handler names it"));
}

#[test]
fn whoever_waits_for_room_when_the_runtime_ends_is_told_whatever_their_number() {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let dispatcher = Dispatcher::empty()
        .handler(held)
        .configure(&HELD, |held| held.capacity(1))
        .provide_arc(gate.clone())
        .on_failure(|_| {})
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    dispatcher.emit(Job(0));
    gate.wait_for(1);
    dispatcher.emit(Job(1));
    let full = dispatcher.emit(Job(2));
    thread::scope(|scope| {
        let emit = || scope.spawn(|| dispatcher.emit_blocking(Job(3)).expect("no runtime"));
        let emitters = [emit(), emit(), emit()];
        let redelivery = scope.spawn(|| full.failures()[0].redeliver_blocking());
        until("three emitters wait for room", || {
            dispatcher
                .queue(&HELD)
                .expect("a handler names it")
                .counts()
                .waits
                == 3
        });
        drop(runtime);
        for emitter in emitters {
            let report = emitter.join().expect("no panic");
            assert_eq!(
                report.failures()[0].ended(),
                Some(DeliveryStatus::Abandoned)
            );
        }
        redelivery
            .join()
            .expect("no panic")
            .expect_err("nobody serves it");
    });
    assert_eq!(
        dispatcher
            .queue(&HELD)
            .expect("a handler names it")
            .counts()
            .abandoned,
        5
    );
    adds_up(&dispatcher.queue(&HELD).expect("a handler names it"));
}
