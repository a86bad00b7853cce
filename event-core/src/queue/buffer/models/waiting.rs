//! The wait for an item, and for a quiet buffer.

use loom::future::block_on;

use crate::queue::buffer::models::{
    buffer, deliver, deliver_as_task, join, model_of_three, offer, poll, take, with,
};

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
