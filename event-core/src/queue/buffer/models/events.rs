//! The interleavings of events that wait by value, and of the consumers that take them.

use std::any::Any;
use std::collections::VecDeque;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use super::{LANE, join, model_of_three, with};
use crate::queue::buffer::line::Ring;
use crate::queue::buffer::slots::Label;
use crate::queue::buffer::ticket::{Next, Ticket, Turn};
use crate::queue::buffer::{Buffer, Offer, WhenFull};

const RING: u32 = 0;

/// A ring of bytes; those with a lane are in the array.
#[derive(Default)]
struct ByteRing(VecDeque<u8>, [Option<u8>; 4]);

impl Ring<u8> for ByteRing {
    fn push(&mut self, event: &mut dyn Any) {
        let event = event.downcast_mut::<Option<u8>>().expect("a byte");
        self.0.push_back(event.take().expect("it is there"));
    }

    fn pop(&mut self, event: &mut dyn Any) {
        *event.downcast_mut().expect("a byte") = self.0.pop_front();
    }

    fn pop_item(&mut self) -> Option<u8> {
        self.0.pop_front()
    }

    fn insert(&mut self, event: &mut dyn Any) -> usize {
        let event = event.downcast_mut::<Option<u8>>().expect("a byte");
        let key = self.1.iter().position(Option::is_none);
        let key = key.expect("no model has more");
        self.1[key] = event.take();
        key
    }

    fn remove(&mut self, key: usize, event: &mut dyn Any) {
        *event.downcast_mut().expect("a byte") = self.1[key].take();
    }

    fn remove_item(&mut self, key: usize) -> Option<u8> {
        self.1[key].take()
    }

    fn label(&self) -> Label {
        0
    }
}

fn buffer(capacity: usize) -> Arc<Buffer<u8>> {
    let ring: Box<dyn Ring<u8>> = Box::<ByteRing>::default();
    Arc::new(Buffer::new(capacity, |_| 0, Box::new([ring])))
}

fn offer(buffer: &Buffer<u8>, event: u8) -> bool {
    buffer.offer_event(RING, &mut Some(event), None)
}

/// Waits, as a thread, for what is next. Returns `None` at the end.
fn wait(buffer: &Buffer<u8>, finished: Option<Ticket>) -> Option<Option<Ticket>> {
    buffer.next_blocking_with(finished, |next| match next {
        Next::Event(RING, ticket) => ticket,
        next => unreachable!("{next:?}"),
    })
}

fn take(buffer: &Buffer<u8>, ticket: &mut Option<Ticket>) -> Option<u8> {
    let mut event = None;
    let took = buffer.take_event(RING, 0, &mut event, ticket) == Turn::Taken(None);
    assert_eq!(event.is_some(), took);
    event
}

/// What a consumer does until the end: its turns, and the waits between them. Returns what it took.
fn serve(buffer: &Buffer<u8>) -> Vec<u8> {
    let mut taken = Vec::new();
    serve_each(buffer, |event| taken.push(event));
    taken
}

fn serve_each(buffer: &Buffer<u8>, mut run: impl FnMut(u8)) {
    let mut finished = None;
    while let Some(mut ticket) = wait(buffer, finished.take()) {
        while let Some(event) = take(buffer, &mut ticket) {
            run(event);
        }
        finished = ticket;
    }
}

#[test]
fn events_are_taken_in_order_and_each_once_by_a_consumer_that_waits() {
    model_of_three(|| {
        let buffer = buffer(2);
        let consumer = with(&buffer, serve);
        assert!(offer(&buffer, 1));
        assert!(offer(&buffer, 2));
        buffer.close();
        assert_eq!(join(consumer), [1, 2]);
        assert_eq!((buffer.counts().running, buffer.counts().finished), (0, 2));
    });
}

#[test]
fn two_consumers_take_each_event_once() {
    model_of_three(|| {
        let buffer = buffer(2);
        let consumers = [with(&buffer, serve), with(&buffer, serve)];
        assert!(offer(&buffer, 1));
        assert!(offer(&buffer, 2));
        buffer.close();
        let mut taken: Vec<_> = consumers.into_iter().flat_map(join).collect();
        taken.sort_unstable();
        assert_eq!(taken, [1, 2]);
        assert_eq!((buffer.counts().running, buffer.counts().finished), (0, 2));
    });
}

#[test]
fn a_buffer_is_not_quiet_while_a_consumer_is_about_to_take_an_event() {
    model_of_three(|| {
        let buffer = buffer(1);
        assert!(offer(&buffer, 1));
        let works = Arc::new(AtomicBool::new(false));
        let consumer = {
            let works = Arc::clone(&works);
            with(&buffer, move |buffer| {
                let mut ticket = buffer.next_blocking_with(None, |next| {
                    // The consumer now uses what the dispatcher owns.
                    works.store(true, Ordering::SeqCst);
                    match next {
                        Next::Event(RING, ticket) => ticket,
                        next => unreachable!("{next:?}"),
                    }
                })?;
                let event = take(buffer, &mut ticket);
                works.store(false, Ordering::SeqCst);
                ticket.into_iter().for_each(|ticket| buffer.finish(ticket));
                event
            })
        };
        // Another consumer may take the event before this one.
        let other = with(&buffer, |buffer| {
            let taken = buffer.try_take(None)?;
            buffer.finish(taken.ticket);
            Some(taken.item)
        });
        loom::future::block_on(buffer.quiet());
        assert!(!works.load(Ordering::SeqCst));
        buffer.close();
        let taken = [join(consumer), join(other)];
        assert_eq!(taken.into_iter().flatten().collect::<Vec<_>>(), [1]);
    });
}

#[test]
fn a_pause_between_the_wait_and_the_take_holds_the_event_back_and_loses_no_wake_up() {
    model_of_three(|| {
        let buffer = buffer(1);
        let consumer = with(&buffer, serve);
        assert!(offer(&buffer, 1));
        buffer.set_paused(true);
        buffer.set_paused(false);
        buffer.close();
        assert_eq!(join(consumer), [1]);
    });
}

#[test]
fn an_event_that_makes_room_for_another_is_not_taken_too() {
    model_of_three(|| {
        let buffer = buffer(1);
        assert!(offer(&buffer, 1));
        // The consumer gets the event that was not displaced, or the item that displaced it.
        let consumer = with(&buffer, |buffer| {
            let next = buffer.next_blocking_with(None, |next| next);
            match next.expect("it is not closed") {
                Next::Item(taken) => {
                    buffer.finish(taken.ticket);
                    Some(taken.item)
                }
                Next::Event(RING, mut ticket) => {
                    let event = take(buffer, &mut ticket);
                    ticket.into_iter().for_each(|ticket| buffer.finish(ticket));
                    event
                }
                next => unreachable!("{next:?}"),
            }
        });
        let offered = buffer.offer(2, None, WhenFull::Displace, None);
        let taken = join(consumer);
        match offered {
            // The event was displaced before the consumer looked, or after.
            Offer::Displaced(event) => {
                assert_eq!(event, 1);
                assert!(matches!(taken, Some(2) | None), "{taken:?}");
            }
            offered => assert_eq!((offered, taken), (Offer::Waits, Some(1))),
        }
    });
}

#[test]
fn an_event_is_abandoned_or_taken_when_the_time_is_over() {
    model_of_three(|| {
        let buffer = buffer(1);
        assert!(offer(&buffer, 1));
        buffer.open_account();
        let consumer = with(&buffer, serve);
        let (abandoned, woken) = buffer.close_and_abandon();
        woken.into_iter().for_each(std::task::Waker::wake);
        let taken = join(consumer);
        assert_eq!(taken.len() + abandoned.len(), 1);
        let (drained, given_up) = buffer.account();
        let named =
            |counts: Vec<(u32, usize)>| counts.iter().map(|(_, count)| count).sum::<usize>();
        assert_eq!(named(drained) + named(given_up), 1);
    });
}

#[test]
fn events_of_one_lane_run_one_after_the_other_and_in_order() {
    model_of_three(|| {
        let buffer = buffer(2);
        assert!(buffer.offer_event(RING, &mut Some(1_u8), LANE));
        assert!(buffer.offer_event(RING, &mut Some(2_u8), LANE));
        buffer.close();
        let last = Arc::new(AtomicU8::new(0));
        let runs = Arc::new(AtomicBool::new(false));
        let consumers = [(); 2].map(|()| {
            let (last, runs) = (Arc::clone(&last), Arc::clone(&runs));
            with(&buffer, move |buffer| {
                serve_each(buffer, |event| {
                    assert!(!runs.swap(true, Ordering::Relaxed));
                    assert_eq!(last.swap(event, Ordering::Relaxed), event - 1);
                    runs.store(false, Ordering::Relaxed);
                });
            })
        });
        consumers.into_iter().for_each(join);
        assert_eq!(last.load(Ordering::Relaxed), 2);
        assert_eq!((buffer.counts().running, buffer.counts().finished), (0, 2));
    });
}
