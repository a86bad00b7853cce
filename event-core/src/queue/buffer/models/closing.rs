//! The close and pauses, while other threads offer and take.

use crate::queue::buffer::models::{
    buffer, deliver, deliver_all, join, model_of_three, offer, offer_in_lane, with,
};
use crate::queue::buffer::{Buffer, Offer, WhenFull};

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
fn the_close_ends_the_wait_for_room() {
    loom::model(|| {
        let buffer = buffer(1);
        offer(&buffer, 1);
        let producer = with(&buffer, Buffer::capacity_free_blocking);
        buffer.close();
        join(producer);
    });
}
