//! Lanes, with more than one consumer.

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};

use crate::queue::buffer::Buffer;
use crate::queue::buffer::models::{
    buffer, deliver, deliver_all, join, model_of_three, offer, offer_in_lane, take, with,
};

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
