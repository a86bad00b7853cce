//! The interleavings of a buffer, by the model checker loom, which finds a lost wake-up as a
//! deadlock: `RUSTFLAGS='--cfg loom' cargo test -p event-core --release --no-default-features
//! --lib buffer`.
//!
//! Models of two threads are explored in full, and models of three threads up to two preemptions.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use loom::future::block_on;
use loom::model::Builder;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread::{self, JoinHandle};

use crate::queue::buffer::ticket::{Taken, Ticket};
use crate::queue::buffer::{Buffer, Offer, WhenFull};

mod events;

const LANE: Option<u64> = Some(7);

/// Runs a model of three threads, which would take too long for a test in full.
fn model_of_three(run: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(run);
}

fn buffer(capacity: usize) -> Arc<Buffer<u8>> {
    Arc::new(Buffer::new(capacity, |_| 0, Box::default()))
}

/// Runs `steps` on another thread, with the buffer.
fn with<R: 'static>(
    buffer: &Arc<Buffer<u8>>,
    steps: impl FnOnce(&Buffer<u8>) -> R + 'static,
) -> JoinHandle<R> {
    let buffer = Arc::clone(buffer);
    thread::spawn(move || steps(&buffer))
}

fn join<R>(other: JoinHandle<R>) -> R {
    other.join().expect("the other thread does not panic")
}

fn offer(buffer: &Buffer<u8>, item: u8) {
    assert_eq!(
        buffer.offer(item, None, WhenFull::Refuse, None),
        Offer::Waits
    );
}

fn offer_in_lane(buffer: &Buffer<u8>, item: u8) {
    assert_eq!(
        buffer.offer(item, LANE, WhenFull::Refuse, None),
        Offer::Waits
    );
}

fn offer_with_room(buffer: &Buffer<u8>, item: u8, wait: impl Fn(&Buffer<u8>)) {
    while let Offer::Full(_) = buffer.offer(item, None, WhenFull::Wait, None) {
        wait(buffer);
    }
}

/// Takes an item, as a thread.
fn take(buffer: &Buffer<u8>) -> (u8, Ticket) {
    let Taken { item, ticket } = buffer.take_blocking(None).expect("it is not closed");
    (item, ticket)
}

/// Takes an item, as a task, and ends its delivery.
fn deliver_as_task(buffer: &Buffer<u8>) -> u8 {
    let Taken { item, ticket } = block_on(buffer.take(None)).expect("it is not closed");
    buffer.finish(ticket);
    item
}

/// Takes an item, as a thread, and ends its delivery.
fn deliver(buffer: &Buffer<u8>) -> u8 {
    let (item, ticket) = take(buffer);
    buffer.finish(ticket);
    item
}

/// Takes all items until the end, and calls `run` with each.
fn deliver_all(buffer: &Buffer<u8>, mut run: impl FnMut(u8)) {
    let mut ticket = None;
    while let Some(taken) = buffer.take_blocking(ticket) {
        run(taken.item);
        ticket = Some(taken.ticket);
    }
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn an_offer_wakes_a_thread() {
    loom::model(|| {
        let buffer = buffer(1);
        let consumer = with(&buffer, deliver);
        offer(&buffer, 1);
        assert_eq!(join(consumer), 1);
    });
}

#[test]
fn an_offer_wakes_a_task() {
    loom::model(|| {
        let buffer = buffer(1);
        let producer = with(&buffer, |buffer| offer(buffer, 1));
        assert_eq!(deliver_as_task(&buffer), 1);
        join(producer);
    });
}

#[test]
fn two_offers_wake_a_thread_and_a_task() {
    model_of_three(|| {
        let buffer = buffer(2);
        let thread = with(&buffer, deliver);
        let producer = with(&buffer, |buffer| {
            offer(buffer, 1);
            offer(buffer, 2);
        });
        assert_eq!(deliver_as_task(&buffer) + join(thread), 3);
        join(producer);
    });
}

#[test]
fn a_lane_is_in_order_and_one_at_a_time() {
    model_of_three(|| {
        let buffer = buffer(4);
        let inside = Arc::new(AtomicUsize::new(0));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let consume = {
            let (inside, seen) = (Arc::clone(&inside), Arc::clone(&seen));
            move |buffer: &Buffer<u8>| {
                deliver_all(buffer, |item| {
                    // Items from 10 on have no lane.
                    if item < 10 {
                        assert_eq!(inside.fetch_add(1, Ordering::AcqRel), 0);
                    }
                    seen.lock().expect("no panic").push(item);
                    if item < 10 {
                        inside.fetch_sub(1, Ordering::AcqRel);
                    }
                });
            }
        };
        offer_in_lane(&buffer, 1);
        let others = [with(&buffer, consume.clone()), with(&buffer, consume)];
        offer_in_lane(&buffer, 2);
        offer(&buffer, 10);
        buffer.close();
        others.into_iter().for_each(join);
        let mut seen = seen.lock().expect("no panic").clone();
        assert_eq!(seen.len(), 3);
        seen.retain(|item| *item < 10);
        assert_eq!(seen, [1, 2]);
    });
}

#[test]
fn a_consumer_that_leaves_hands_its_lane_to_one_that_sleeps() {
    loom::model(|| {
        let buffer = buffer(2);
        offer_in_lane(&buffer, 1);
        offer_in_lane(&buffer, 2);
        let (first, ticket) = take(&buffer);
        assert_eq!(first, 1);
        let other = with(&buffer, deliver);
        buffer.finish(ticket);
        assert_eq!(join(other), 2);
    });
}

#[test]
fn after_the_close_a_lane_is_finished_by_whoever_is_there() {
    loom::model(|| {
        let buffer = buffer(2);
        offer_in_lane(&buffer, 1);
        offer_in_lane(&buffer, 2);
        let (_, ticket) = take(&buffer);
        let other = with(&buffer, |buffer| {
            let mut seen = Vec::new();
            deliver_all(buffer, |item| seen.push(item));
            seen
        });
        buffer.close();
        buffer.finish(ticket);
        assert_eq!(join(other), [2]);
    });
}

#[test]
fn the_last_item_ends_all_consumers_of_a_closed_buffer() {
    model_of_three(|| {
        let buffer = buffer(2);
        offer_in_lane(&buffer, 1);
        offer_in_lane(&buffer, 2);
        let consume = |buffer: &Buffer<u8>| {
            let mut count = 0;
            deliver_all(buffer, |_| count += 1);
            count
        };
        let others = [with(&buffer, consume), with(&buffer, consume)];
        buffer.close();
        assert_eq!(others.map(join).iter().sum::<usize>(), 2);
    });
}

#[test]
fn an_item_is_either_handed_out_or_refused_at_the_close() {
    model_of_three(|| {
        let buffer = buffer(2);
        let producer = with(&buffer, |buffer| {
            [1, 2].map(|item| buffer.offer(item, None, WhenFull::Refuse, None))
        });
        let consumer = with(&buffer, |buffer| {
            let mut seen = Vec::new();
            deliver_all(buffer, |item| seen.push(item));
            seen
        });
        buffer.close();
        let offers = join(producer);
        let seen = join(consumer);
        for (item, offer) in [1, 2].into_iter().zip(offers) {
            let handed_out = seen.contains(&item);
            assert_eq!(
                offer,
                if handed_out {
                    Offer::Waits
                } else {
                    Offer::Closed(item)
                }
            );
        }
        assert!(buffer.take_blocking(None).is_none());
    });
}

#[test]
fn the_end_of_a_pause_wakes() {
    loom::model(|| {
        let buffer = buffer(1);
        buffer.set_paused(true);
        let consumer = with(&buffer, deliver);
        offer(&buffer, 1);
        buffer.set_paused(false);
        assert_eq!(join(consumer), 1);
    });
}

#[test]
fn a_pause_in_between_loses_nothing() {
    model_of_three(|| {
        let buffer = buffer(2);
        let consumer = with(&buffer, |buffer| deliver(buffer) + deliver(buffer));
        let producer = with(&buffer, |buffer| {
            offer(buffer, 1);
            offer(buffer, 2);
        });
        buffer.set_paused(true);
        assert!(buffer.try_take(None).is_none());
        buffer.set_paused(false);
        assert_eq!(join(consumer), 3);
        join(producer);
    });
}

#[test]
fn the_close_ends_a_pause() {
    loom::model(|| {
        let buffer = buffer(1);
        buffer.set_paused(true);
        offer(&buffer, 1);
        let consumer = with(&buffer, deliver);
        buffer.close();
        assert_eq!(join(consumer), 1);
    });
}

#[test]
fn a_take_wakes_a_producer_without_room() {
    loom::model(|| {
        let buffer = buffer(1);
        offer(&buffer, 1);
        let producer = with(&buffer, |buffer| {
            offer_with_room(buffer, 2, Buffer::capacity_free_blocking);
        });
        assert_eq!([deliver(&buffer), deliver(&buffer)], [1, 2]);
        join(producer);
    });
}

#[test]
fn a_thread_and_a_task_both_get_room() {
    model_of_three(|| {
        let buffer = buffer(1);
        offer(&buffer, 1);
        let thread = with(&buffer, |buffer| {
            offer_with_room(buffer, 2, Buffer::capacity_free_blocking);
        });
        let task = with(&buffer, |buffer| {
            offer_with_room(buffer, 3, |buffer| block_on(buffer.capacity_free()));
        });
        assert_eq!((0..3).map(|_| deliver(&buffer)).sum::<u8>(), 6);
        join(thread);
        join(task);
    });
}

#[test]
fn room_for_many_wakes_many() {
    model_of_three(|| {
        let buffer = buffer(2);
        offer(&buffer, 1);
        offer(&buffer, 2);
        let others = [3, 4].map(|item| {
            with(&buffer, move |buffer| {
                offer_with_room(buffer, item, Buffer::capacity_free_blocking);
            })
        });
        assert_eq!(buffer.clear().len(), 2);
        others.into_iter().for_each(join);
    });
}

#[test]
fn the_close_ends_the_wait_for_room() {
    loom::model(|| {
        let buffer = buffer(1);
        offer(&buffer, 1);
        let producer = with(&buffer, Buffer::capacity_free_blocking);
        buffer.close();
        join(producer);
    });
}

#[test]
fn the_last_finish_ends_the_wait_for_quiet() {
    loom::model(|| {
        let buffer = buffer(1);
        offer(&buffer, 1);
        let (_, ticket) = take(&buffer);
        let other = with(&buffer, |buffer| buffer.finish(ticket));
        assert!(buffer.quiet_blocking(None));
        assert_eq!(buffer.counts().running, 0);
        join(other);
    });
}

#[test]
fn all_who_wait_for_quiet_are_woken_though_it_does_not_stay_quiet() {
    model_of_three(|| {
        let buffer = buffer(1);
        offer(&buffer, 1);
        let mut polled = buffer.quiet();
        assert!(poll(&mut polled).is_pending());
        let consumer = with(&buffer, |buffer| {
            deliver(buffer);
            offer(buffer, 2);
        });
        block_on(polled);
        join(consumer);
    });
}

#[test]
fn a_dropped_take_passes_its_wake_up_on() {
    model_of_three(|| {
        let buffer = buffer(1);
        let mut dropped = buffer.take(None);
        assert!(poll(&mut dropped).is_pending());
        let other = with(&buffer, deliver);
        let producer = with(&buffer, |buffer| offer(buffer, 1));
        drop(dropped);
        assert_eq!(join(other), 1);
        join(producer);
    });
}

#[test]
fn a_dropped_wait_for_room_passes_its_wake_up_on() {
    model_of_three(|| {
        let buffer = buffer(1);
        offer(&buffer, 1);
        let mut dropped = buffer.capacity_free();
        assert!(poll(&mut dropped).is_pending());
        let producer = with(&buffer, |buffer| {
            offer_with_room(buffer, 2, Buffer::capacity_free_blocking);
        });
        let consumer = with(&buffer, deliver);
        drop(dropped);
        join(producer);
        assert_eq!(join(consumer), 1);
        assert_eq!(deliver(&buffer), 2);
    });
}

#[test]
fn a_displacing_offer_and_a_take_agree_on_who_got_the_item() {
    loom::model(|| {
        let buffer = buffer(1);
        offer_in_lane(&buffer, 1);
        let consumer = with(&buffer, deliver);
        match buffer.offer(2, LANE, WhenFull::Displace, None) {
            Offer::Displaced(oldest) => {
                assert_eq!(oldest, 1);
                assert_eq!(join(consumer), 2);
            }
            offer => {
                assert_eq!(offer, Offer::Waits);
                assert_eq!(join(consumer), 1);
                assert_eq!(deliver(&buffer), 2);
            }
        }
    });
}
