//! The rules of a buffer, one by one. [`random`] has random sequences of operations, and the models for loom
//! have interleavings.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::queue::buffer::ticket::{Taken, Ticket};
use crate::queue::buffer::{Buffer, Counts, Offer, WhenFull};

pub(crate) mod random;
pub(crate) mod stress;

const A: Option<u64> = Some(1);
const B: Option<u64> = Some(2);

fn buffer<T>(capacity: usize, items: impl IntoIterator<Item = (T, Option<u64>)>) -> Buffer<T> {
    let buffer = Buffer::new(capacity, |_| 0, Box::default());
    for (item, lane) in items {
        assert!(matches!(
            buffer.offer(item, lane, WhenFull::Refuse, None),
            Offer::Waits
        ));
    }
    buffer
}

fn take<T>(buffer: &Buffer<T>) -> (T, Ticket) {
    let Taken { item, ticket } = buffer.try_take(None).expect("one is ready");
    (item, ticket)
}

/// Takes all ready items without ending any delivery.
fn take_ready<T>(buffer: &Buffer<T>) -> (Vec<T>, Vec<Ticket>) {
    let taken = std::iter::from_fn(|| buffer.try_take(None));
    taken.map(|Taken { item, ticket }| (item, ticket)).unzip()
}

/// Delivers all ready items, one after another.
fn deliver_all<T>(buffer: &Buffer<T>) -> Vec<T> {
    let mut items = Vec::new();
    let mut ticket = None;
    while let Some(taken) = buffer.try_take(ticket.take()) {
        items.push(taken.item);
        ticket = Some(taken.ticket);
    }
    items
}

/// A waker that counts its wake-ups.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Woken {
    fn times(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_by(future, Waker::noop())
}

fn poll_by<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

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
fn the_capacity_bounds_what_waits_ready_or_held_and_not_what_runs() {
    let buffer = buffer(2, [(1, A), (2, A)]);
    assert_eq!(
        buffer.offer(3, None, WhenFull::Refuse, None),
        Offer::Full(3)
    );
    let (_, _running) = take(&buffer);
    assert_eq!(buffer.offer(4, None, WhenFull::Refuse, None), Offer::Waits);
    assert_eq!(
        buffer.offer(5, None, WhenFull::Refuse, None),
        Offer::Full(5)
    );
}

#[test]
fn a_capacity_of_nothing_is_one() {
    let buffer = Buffer::new(0, |_| 0, Box::default());
    assert_eq!(
        buffer.offer(1, None, WhenFull::Displace, None),
        Offer::Waits
    );
    assert_eq!(
        buffer.offer(2, None, WhenFull::Displace, None),
        Offer::Displaced(1)
    );
}

#[test]
fn the_oldest_makes_room_whether_ready_or_held() {
    let buffer = buffer(
        4,
        [(0, A), (1, A), (2, None), (3, A), (4, B)]
            .into_iter()
            .skip(1),
    );
    // 1 is ready, and 3 becomes ready as 1 is displaced.
    assert_eq!(
        buffer.offer(5, None, WhenFull::Displace, None),
        Offer::Displaced(1)
    );
    let (ready, mut running) = take_ready(&buffer);
    assert_eq!(ready, [2, 3, 4, 5]);
    for item in [(6, A), (7, None), (8, A), (9, None)] {
        assert_eq!(
            buffer.offer(item.0, item.1, WhenFull::Refuse, None),
            Offer::Waits
        );
    }
    // 6 is held behind 3, and 8 moves up in the lane.
    assert_eq!(
        buffer.offer(10, None, WhenFull::Displace, None),
        Offer::Displaced(6)
    );
    buffer.finish(running.remove(1));
    assert_eq!(take_ready(&buffer).0, [7, 8, 9, 10]);
}

#[test]
fn the_oldest_makes_room_though_its_lane_has_just_become_free() {
    let buffer = buffer(3, [(1, A), (2, A), (3, A)]);
    let (_, ticket) = take(&buffer);
    buffer.finish(ticket);
    assert_eq!(buffer.offer(4, None, WhenFull::Refuse, None), Offer::Waits);
    assert_eq!(
        buffer.offer(5, None, WhenFull::Displace, None),
        Offer::Displaced(2)
    );
    assert_eq!(deliver_all(&buffer), [3, 4, 5]);
}

#[test]
fn an_item_may_displace_the_one_before_it_in_its_lane() {
    let buffer = buffer(1, [(1, A)]);
    assert_eq!(
        buffer.offer(2, A, WhenFull::Displace, None),
        Offer::Displaced(1)
    );
    assert_eq!(take(&buffer).0, 2);
}

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

#[test]
fn the_counts_are_of_one_moment_and_add_up() {
    let buffer = buffer(2, [(1, None), (2, None)]);
    let _ = buffer.offer(3, None, WhenFull::Refuse, None);
    let _ = buffer.offer(3, None, WhenFull::Wait, None);
    let _ = buffer.offer(4, None, WhenFull::Displace, None);
    let (_, ticket) = take(&buffer);
    buffer.finish(ticket);
    let (_, _running) = take(&buffer);
    let _ = buffer.offer(5, None, WhenFull::Refuse, None);
    buffer.clear();
    let _ = buffer.offer(6, None, WhenFull::Refuse, None);
    buffer.close();
    let _ = buffer.offer(7, None, WhenFull::Refuse, None);
    let expected = Counts {
        depth: 1,
        high_water: 2,
        running: 1,
        offered: 5,
        displaced: 1,
        refused: 1,
        closed: 1,
        finished: 1,
        cleared: 1,
    };
    assert_eq!(buffer.counts(), expected);
}

#[test]
fn each_offer_wakes_one_sleeper_the_first_that_came() {
    let buffer = Buffer::new(2, |_| 0, Box::default());
    let wakes = [(); 3].map(|()| Arc::<Woken>::default());
    let mut takes = [(); 3].map(|()| buffer.take(None));
    for (take, woken) in takes.iter_mut().zip(&wakes) {
        assert!(poll_by(take, &Arc::clone(woken).into()).is_pending());
    }
    let times = || wakes.each_ref().map(|woken| woken.times());
    let _ = buffer.offer(1, None, WhenFull::Refuse, None);
    assert_eq!(times(), [1, 0, 0]);
    let _ = buffer.offer(2, None, WhenFull::Refuse, None);
    assert_eq!(times(), [1, 1, 0]);
    let _ = buffer.offer(3, None, WhenFull::Displace, None);
    assert_eq!(times(), [1, 1, 0], "there are two items, as before");
    buffer.close();
    assert_eq!(times(), [1, 1, 0], "two items still wait, for those two");
    deliver_all(&buffer);
    assert_eq!(times(), [1, 1, 1], "now it is over");
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

#[test]
fn the_waker_of_the_last_poll_is_the_one_that_is_called() {
    let buffer = Buffer::new(1, |_| 0, Box::default());
    let wakes = [(); 2].map(|()| Arc::<Woken>::default());
    let mut sleeper = buffer.take(None);
    for woken in &wakes {
        assert!(poll_by(&mut sleeper, &Arc::clone(woken).into()).is_pending());
    }
    assert_eq!(Arc::strong_count(&wakes[0]), 1, "it is not kept");
    let _ = buffer.offer(1, None, WhenFull::Refuse, None);
    assert_eq!(wakes.map(|woken| woken.times()), [0, 1]);
}

#[test]
fn a_dropped_take_leaves_no_waker_behind() {
    let buffer = Buffer::<u8>::new(1, |_| 0, Box::default());
    let woken = Arc::<Woken>::default();
    let mut sleeper = buffer.take(None);
    assert!(poll_by(&mut sleeper, &Arc::clone(&woken).into()).is_pending());
    drop(sleeper);
    assert_eq!(Arc::strong_count(&woken), 1);
}

#[test]
fn a_dropped_take_that_was_woken_wakes_the_next() {
    let buffer = Buffer::new(1, |_| 0, Box::default());
    let (mut dropped, mut kept) = (buffer.take(None), buffer.take(None));
    let woken = Arc::<Woken>::default();
    assert!(poll(&mut dropped).is_pending());
    assert!(poll_by(&mut kept, &Arc::clone(&woken).into()).is_pending());
    let _ = buffer.offer(1, None, WhenFull::Refuse, None);
    drop(dropped);
    assert_eq!(woken.times(), 1);
}

#[test]
fn a_dropped_take_gives_its_ticket_back_though_it_was_never_polled() {
    let buffer = buffer(2, [(1, A), (2, A)]);
    let (_, ticket) = take(&buffer);
    drop(buffer.take(Some(ticket)));
    assert_eq!(buffer.counts().finished, 1);
    assert_eq!(take(&buffer).0, 2);
}

#[test]
fn there_is_room_at_once_or_after_a_take_or_the_close() {
    let buffer = Buffer::new(1, |_| 0, Box::default());
    assert!(poll(&mut buffer.capacity_free()).is_ready());
    let _ = buffer.offer(1, None, WhenFull::Wait, None);
    let mut waits = buffer.capacity_free();
    assert!(poll(&mut waits).is_pending());
    let (_, _running) = take(&buffer);
    assert!(poll(&mut waits).is_ready());
    let _ = buffer.offer(2, None, WhenFull::Wait, None);
    let mut waits = buffer.capacity_free();
    assert!(poll(&mut waits).is_pending());
    buffer.close();
    assert!(poll(&mut waits).is_ready());
}

#[test]
fn each_place_that_becomes_free_lets_one_producer_go_on() {
    let buffer = buffer(2, [(1, None), (2, None)]);
    let wakes = [(); 3].map(|()| Arc::<Woken>::default());
    let mut waits = [(); 3].map(|()| buffer.capacity_free());
    for (wait, woken) in waits.iter_mut().zip(&wakes) {
        assert!(poll_by(wait, &Arc::clone(woken).into()).is_pending());
    }
    let (_, _running) = take(&buffer);
    assert_eq!(wakes.each_ref().map(|woken| woken.times()), [1, 0, 0]);
    buffer.clear();
    assert_eq!(wakes.each_ref().map(|woken| woken.times()), [1, 1, 0]);
}

#[test]
fn it_is_quiet_when_nothing_waits_and_nothing_runs() {
    let buffer = Buffer::new(1, |_| 0, Box::default());
    assert!(poll(&mut buffer.quiet()).is_ready());
    let _ = buffer.offer(1, None, WhenFull::Refuse, None);
    let mut quiet = buffer.quiet();
    assert!(poll(&mut quiet).is_pending());
    let (_, ticket) = take(&buffer);
    assert!(poll(&mut quiet).is_pending());
    buffer.finish(ticket);
    let _ = buffer.offer(2, None, WhenFull::Refuse, None);
    assert!(poll(&mut quiet).is_ready(), "it was quiet in between");
}

#[test]
fn waiting_for_quiet_ends_at_the_deadline() {
    let buffer = buffer(1, [(1, None)]);
    let deadline = Instant::now() + Duration::from_millis(1);
    assert!(!buffer.quiet_blocking(Some(deadline)));
    assert!(Instant::now() >= deadline);
    buffer.clear();
    assert!(
        buffer.quiet_blocking(Some(deadline)),
        "it was quiet already"
    );
}

#[test]
fn blocked_threads_go_on() {
    let buffer = Buffer::new(1, |_| 0, Box::default());
    thread::scope(|scope| {
        scope.spawn(|| {
            while let Offer::Full(_) = buffer.offer(2, None, WhenFull::Wait, None) {
                buffer.capacity_free_blocking();
            }
            let _ = buffer.offer(1, None, WhenFull::Displace, None);
            buffer.close();
        });
        let mut ticket = None;
        while let Some(taken) = buffer.take_blocking(ticket) {
            ticket = Some(taken.ticket);
        }
    });
    assert!(buffer.quiet_blocking(None));
}

#[test]
fn items_and_wakers_run_their_code_under_no_lock() {
    /// Locks the buffer from its `Drop` and as a waker; either would hang under the buffer's lock.
    struct Looks(Arc<Buffer<Option<Self>>>);

    impl Drop for Looks {
        fn drop(&mut self) {
            self.0.counts();
        }
    }

    impl Wake for Looks {
        fn wake(self: Arc<Self>) {
            self.0.counts();
        }
    }

    let buffer = Arc::new(Buffer::new(1, |_| 0, Box::default()));
    let item = || Some(Looks(Arc::clone(&buffer)));
    let mut sleeper = buffer.take(None);
    let waker = Waker::from(Arc::new(Looks(Arc::clone(&buffer))));
    assert!(poll_by(&mut sleeper, &waker).is_pending());
    drop(buffer.offer(item(), None, WhenFull::Refuse, None));
    drop(buffer.offer(item(), None, WhenFull::Displace, None));
    drop(buffer.offer(item(), None, WhenFull::Refuse, None));
    drop(sleeper);
    drop(buffer.clear());
    let mut sleeper = buffer.take(None);
    let waker = Waker::from(Arc::new(Looks(Arc::clone(&buffer))));
    assert!(poll_by(&mut sleeper, &waker).is_pending());
    drop(waker);
    // The buffer drops the last clone of two wakers: of a replaced one, and of a dropped sleeper's.
    assert!(poll(&mut sleeper).is_pending());
    let waker = Waker::from(Arc::new(Looks(Arc::clone(&buffer))));
    assert!(poll_by(&mut sleeper, &waker).is_pending());
    drop(waker);
    drop(sleeper);
    buffer.close();
    drop(buffer.offer(item(), None, WhenFull::Refuse, None));
}
