//! Events of one key keep their order.

use std::sync::Arc;

use event_core::queue::Queue;
use event_core::{Dispatcher, Event, handler};
use event_tests::{Gate, Journal, quiet_panic, runtime, until};

use super::LONG;

static LANES: Queue = Queue::new("lanes").consumers(4);

static LANES_OF_TASKS: Queue = Queue::new("lanes-of-tasks").consumers(4);

#[derive(Event)]
#[event(key = customer)]
struct Ordered {
    customer: u32,
    number: u32,
}

#[derive(Event)]
#[event(key = customer)]
struct Paid {
    customer: u32,
    number: u32,
}

/// An event whose key has the value of a customer's key and another type.
#[derive(Event)]
#[event(key = warehouse)]
struct Stocked {
    warehouse: u64,
}

fn write(journal: &Journal, what: &str, customer: u32, number: u32) {
    journal.write(format!("{customer}: {what} {number}"));
}

#[handler(queue = LANES)]
fn ordered(event: &Ordered, gate: &Gate, journal: &Journal) {
    if event.number == 0 {
        gate.pass_blocking();
    }
    write(journal, "ordered", event.customer, event.number);
}

#[handler(queue = LANES)]
fn paid(event: &Paid, journal: &Journal) {
    write(journal, "paid", event.customer, event.number);
}

#[handler(queue = LANES)]
fn stocked(event: &Stocked, journal: &Journal) {
    journal.write(format!("stocked {}", event.warehouse));
}

#[handler(queue = LANES_OF_TASKS)]
async fn ordered_as_a_task(event: &Ordered, gate: &Gate, journal: &Journal) {
    if event.number == 0 {
        gate.pass().await;
    }
    tokio::task::yield_now().await;
    write(journal, "ordered", event.customer, event.number);
}

#[handler(queue = LANES_OF_TASKS)]
async fn paid_as_a_task(event: &Paid, journal: &Journal) {
    tokio::task::yield_now().await;
    write(journal, "paid", event.customer, event.number);
}

#[handler(queue = LANES_OF_TASKS)]
async fn stocked_as_a_task(event: &Stocked, journal: &Journal) {
    journal.write(format!("stocked {}", event.warehouse));
}

fn lanes_keep_their_order_and_run_side_by_side(
    builder: event_core::dispatcher::DispatcherBuilder,
    queue: &'static Queue,
) {
    let (runtime, gate) = (runtime(), Arc::new(Gate::default()));
    let journal = Arc::new(Journal::default());
    let dispatcher = builder
        .provide_arc(gate.clone())
        .provide_arc(journal.clone())
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..5 {
        dispatcher.emit(Ordered {
            customer: 1,
            number,
        });
        dispatcher.emit(Paid {
            customer: 1,
            number,
        });
    }
    gate.wait_for(1);
    // The events that the first customer's lane holds back hold no other lane back.
    dispatcher.emit(Stocked { warehouse: 1 });
    for number in 1..4 {
        dispatcher.emit(Ordered {
            customer: 2,
            number,
        });
        dispatcher.emit(Paid {
            customer: 2,
            number,
        });
    }
    let mut lines = Vec::new();
    until("seven lines are written", || {
        lines.extend(journal.take());
        lines.len() == 7
    });
    assert!(lines.contains(&"stocked 1".to_owned()), "{lines:?}");
    lines.retain(|line| line.starts_with("2:"));
    let second = (1..4).flat_map(|n| [format!("2: ordered {n}"), format!("2: paid {n}")]);
    assert_eq!(lines, second.collect::<Vec<_>>());
    until("one call runs", || {
        dispatcher
            .queue(queue)
            .expect("a handler names it")
            .counts()
            .running
            == 1
    });
    assert_eq!(
        dispatcher
            .queue(queue)
            .expect("a handler names it")
            .counts()
            .depth,
        9
    );

    gate.open(1);
    assert!(
        dispatcher
            .queue(queue)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
    let first = (0..5).flat_map(|n| [format!("1: ordered {n}"), format!("1: paid {n}")]);
    assert_eq!(journal.take(), first.collect::<Vec<_>>());
}

#[test]
fn events_of_one_key_run_in_order_and_others_meanwhile_on_threads() {
    let builder = Dispatcher::empty()
        .handler(ordered)
        .handler(paid)
        .handler(stocked);
    lanes_keep_their_order_and_run_side_by_side(builder, &LANES);
}

#[test]
fn events_of_one_key_run_in_order_and_others_meanwhile_as_tasks() {
    let builder = Dispatcher::empty()
        .handler(ordered_as_a_task)
        .handler(paid_as_a_task)
        .handler(stocked_as_a_task);
    lanes_keep_their_order_and_run_side_by_side(builder, &LANES_OF_TASKS);
}

static FREED: Queue = Queue::new("freed").consumers(4);

static FREED_TASKS: Queue = Queue::new("freed-tasks").consumers(4);

#[handler(queue = FREED)]
fn fails_on_a_thread(event: &Ordered, journal: &Journal) -> Result<(), &'static str> {
    journal.write(event.number.to_string());
    match event.number % 3 {
        0 => Err("on purpose"),
        1 => quiet_panic(),
        _ => Ok(()),
    }
}

#[handler(queue = FREED_TASKS, timeout = "1ms")]
async fn fails_as_a_task(event: &Ordered, journal: &Journal) -> Result<(), &'static str> {
    journal.write(event.number.to_string());
    match event.number % 4 {
        0 => Err("on purpose"),
        1 => quiet_panic(),
        2 => std::future::pending().await,
        _ => Ok(()),
    }
}

fn every_end_frees_the_lane<F: Copy + 'static>(handler: F, queue: &'static Queue, failed: u64) {
    let (runtime, journal) = (runtime(), Arc::new(Journal::default()));
    let dispatcher = Dispatcher::empty()
        .handler(handler)
        .provide_arc(journal.clone())
        .on_failure(|_| {})
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..12 {
        dispatcher.emit(Ordered {
            customer: 1,
            number,
        });
    }
    assert!(
        dispatcher
            .queue(queue)
            .expect("a handler names it")
            .join_blocking(LONG)
    );
    let numbers: Vec<_> = (0..12).map(|number: u32| number.to_string()).collect();
    assert_eq!(journal.take(), numbers);
    let counts = dispatcher
        .queue(queue)
        .expect("a handler names it")
        .counts();
    assert_eq!((counts.done, counts.failed), (12 - failed, failed));
}

#[test]
fn a_delivery_that_fails_or_panics_frees_its_lane() {
    every_end_frees_the_lane(fails_on_a_thread, &FREED, 8);
}

#[test]
fn a_delivery_that_fails_panics_or_times_out_as_a_task_frees_its_lane() {
    every_end_frees_the_lane(fails_as_a_task, &FREED_TASKS, 9);
}
