//! The order of items, and the lanes that hold them back.

use std::sync::Arc;

use crate::queue::buffer::tests::{A, B, Woken, buffer, deliver_all, poll_by, take, take_ready};
use crate::queue::buffer::{Offer, WhenFull};

#[test]
fn items_without_a_lane_come_in_order_of_offer_and_run_side_by_side() {
    let buffer = buffer(3, [(1, None), (2, None), (3, None)]);
    assert_eq!(take_ready(&buffer).0, [1, 2, 3]);
    assert_eq!(buffer.counts().running, 3);
}

#[test]
fn a_lane_holds_its_items_back_until_the_one_before_has_ended() {
    let buffer = buffer(3, [(1, A), (2, A), (3, A)]);
    let (first, ticket) = take(&buffer);
    assert_eq!(first, 1);
    assert!(buffer.try_take(None).is_none());
    let second = buffer.try_take(Some(ticket)).expect("the lane is free");
    assert_eq!(second.item, 2);
    buffer.finish(second.ticket);
    assert_eq!(take(&buffer).0, 3);
}

#[test]
fn a_lane_holds_back_neither_other_lanes_nor_items_without_one() {
    let buffer = buffer(5, [(1, A), (2, A), (3, B), (4, None), (5, B)]);
    assert_eq!(take_ready(&buffer).0, [1, 3, 4]);
}

#[test]
fn an_item_whose_lane_gets_free_keeps_its_place_in_the_order() {
    let buffer = buffer(4, [(1, A), (2, A), (3, None), (4, None)]);
    assert_eq!(deliver_all(&buffer), [1, 2, 3, 4]);
}

#[test]
fn an_item_that_comes_while_its_lane_runs_waits_though_no_other_does() {
    let buffer = buffer(1, [(1, A)]);
    let (_, ticket) = take(&buffer);
    assert_eq!(buffer.offer(2, A, WhenFull::Refuse, None), Offer::Waits);
    assert!(buffer.try_take(None).is_none());
    buffer.finish(ticket);
    assert_eq!(take(&buffer).0, 2);
}

#[test]
fn a_lane_that_has_ended_leaves_nothing_behind() {
    let buffer = buffer(100, (0..100).map(|item| (item, Some(item / 2))));
    deliver_all(&buffer);
    assert_eq!(buffer.lock().line.lanes(), 0);
}

#[test]
fn an_item_that_its_lane_holds_back_wakes_no_one() {
    let buffer = buffer(1, [(1, A)]);
    let (_, ticket) = take(&buffer);
    let woken = Arc::<Woken>::default();
    let mut sleeper = buffer.take(None);
    assert!(poll_by(&mut sleeper, &Arc::clone(&woken).into()).is_pending());
    let _ = buffer.offer(2, A, WhenFull::Refuse, None);
    assert_eq!(woken.times(), 0);
    buffer.finish(ticket);
    assert_eq!(woken.times(), 1);
}
