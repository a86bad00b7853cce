//! The wait for free capacity, and the displacement of the oldest item.

use loom::future::block_on;

use crate::queue::buffer::models::{
    LANE, buffer, deliver, join, model_of_three, offer, offer_in_lane, offer_with_room, poll, with,
};
use crate::queue::buffer::{Buffer, Offer, WhenFull};

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
