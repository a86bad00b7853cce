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
use loom::sync::Arc;
use loom::thread::{self, JoinHandle};

use crate::queue::buffer::ticket::{Taken, Ticket};
use crate::queue::buffer::{Buffer, Offer, WhenFull};

mod capacity;
mod closing;
mod delayed;
mod events;
mod lanes;
mod waiting;

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
