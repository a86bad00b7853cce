//! The wait for an item, and for a quiet buffer: who is woken, and what a dropped wait leaves behind.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::queue::buffer::tests::{A, Woken, buffer, deliver_all, poll, poll_by, take};
use crate::queue::buffer::{Buffer, Offer, WhenFull};

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
