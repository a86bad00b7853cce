//! The rules of a buffer, one by one; those of one topic are in a file of their own. [`random`] has random
//! sequences of operations, and the models for loom have interleavings.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::queue::buffer::ticket::{Taken, Ticket};
use crate::queue::buffer::{Buffer, Counts, Offer, WhenFull};

pub(crate) mod capacity;
pub(crate) mod closing;
pub(crate) mod lanes;
pub(crate) mod random;
pub(crate) mod stress;
pub(crate) mod waiting;

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
