//! Pauses, the close, and clearing.

use std::task::Poll;

use crate::queue::buffer::tests::{A, B, buffer, poll, take, take_ready};
use crate::queue::buffer::ticket::Taken;
use crate::queue::buffer::{Offer, WhenFull};

#[test]
fn a_pause_holds_back_what_waits_and_takes_offers() {
    let buffer = buffer(2, [(1, None)]);
    buffer.set_paused(true);
    assert!(buffer.try_take(None).is_none());
    assert_eq!(buffer.offer(2, None, WhenFull::Refuse, None), Offer::Waits);
    buffer.set_paused(false);
    assert_eq!(take_ready(&buffer).0, [1, 2]);
}

#[test]
fn a_delivery_may_end_during_a_pause() {
    let buffer = buffer(2, [(1, A), (2, A)]);
    let (_, ticket) = take(&buffer);
    buffer.set_paused(true);
    assert!(buffer.try_take(Some(ticket)).is_none());
    assert_eq!(buffer.counts().finished, 1);
    buffer.set_paused(false);
    assert_eq!(take(&buffer).0, 2);
}

#[test]
fn the_close_refuses_offers_and_hands_out_what_waits() {
    let buffer = buffer(2, [(1, None)]);
    assert!(!buffer.is_closed());
    buffer.close();
    assert!(buffer.is_closed());
    assert_eq!(
        buffer.offer(2, None, WhenFull::Displace, None),
        Offer::Closed(2)
    );
    let Taken { item, ticket } = buffer.take_blocking(None).expect("one still waits");
    assert_eq!(item, 1);
    assert!(buffer.take_blocking(Some(ticket)).is_none());
}

#[test]
fn the_close_ends_a_pause_for_good() {
    let buffer = buffer(1, [(1, None)]);
    buffer.set_paused(true);
    buffer.close();
    buffer.set_paused(true);
    assert_eq!(take(&buffer).0, 1);
}

#[test]
fn it_is_not_over_while_a_lane_holds_something_back() {
    let buffer = buffer(2, [(1, A), (2, A)]);
    let (_, ticket) = take(&buffer);
    buffer.close();
    let mut other = buffer.take(None);
    assert!(poll(&mut other).is_pending());
    buffer.finish(ticket);
    assert!(matches!(
        poll(&mut other),
        Poll::Ready(Some(Taken { item: 2, .. }))
    ));
    assert!(matches!(poll(&mut buffer.take(None)), Poll::Ready(None)));
}

#[test]
fn clearing_takes_all_that_waits_in_order_and_leaves_what_runs() {
    let buffer = buffer(6, [(1, A), (2, A), (3, A), (4, B), (5, None), (6, B)]);
    let (_, ticket) = take(&buffer);
    // 2 is ready now, and 3 held behind it.
    let Some(Taken {
        ticket: running, ..
    }) = buffer.try_take(Some(ticket))
    else {
        panic!("2 is ready");
    };
    assert_eq!(buffer.clear(), [3, 4, 5, 6]);
    // The lane of the running item stays taken, and no other.
    assert_eq!(buffer.offer(7, A, WhenFull::Refuse, None), Offer::Waits);
    assert_eq!(buffer.offer(8, B, WhenFull::Refuse, None), Offer::Waits);
    assert_eq!(take_ready(&buffer).0, [8]);
    buffer.finish(running);
    assert_eq!(take_ready(&buffer).0, [7]);
}

#[test]
fn clearing_takes_what_its_lane_has_just_let_go() {
    let buffer = buffer(2, [(1, A), (2, A)]);
    let (_, ticket) = take(&buffer);
    buffer.finish(ticket);
    assert_eq!(buffer.clear(), [2]);
    assert_eq!(buffer.lock().line.lanes(), 0);
    assert!(buffer.try_take(None).is_none());
}
