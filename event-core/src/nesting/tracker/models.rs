//! Models of the wait for the end of an emission for the model checker loom, which finds a lost wake-up as a
//! deadlock: `RUSTFLAGS='--cfg loom' cargo test -p event-core --release --no-default-features --lib models`.
//!
//! The flag of the end, the list of its waiters and that of the deliveries are loom's. loom has no `Weak`, so the
//! count is that of the standard library, whose steps loom does not see: before each of them a thread takes a step
//! that loom does see, the count of what has ended.

use std::pin::pin;
use std::task::{Context, Waker};

use loom::future::block_on;
use loom::model::Builder;
use loom::sync::Arc as LoomArc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread::{self, JoinHandle};

use crate::nesting::tracker::{TrackedDelivery, Tracker};

type Ended = LoomArc<AtomicUsize>;

fn check(run: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(run);
}

fn new() -> Ended {
    LoomArc::new(AtomicUsize::new(0))
}

/// Ends a delivery.
fn end(ended: &Ended, delivery: TrackedDelivery) {
    ended.fetch_add(1, Ordering::AcqRel);
    drop(delivery);
}

/// Ends a delivery on another thread.
fn end_elsewhere(ended: &Ended, delivery: TrackedDelivery) -> JoinHandle<()> {
    let ended = LoomArc::clone(ended);
    thread::spawn(move || end(&ended, delivery))
}

fn join(other: JoinHandle<()>) {
    other.join().expect("no panic");
}

#[test]
fn the_wait_ends_after_the_last_of_the_deliveries_and_no_wake_up_is_lost() {
    check(|| {
        let ended = new();
        let (tracker, open, all) = Tracker::start(None);
        let deliveries = [(); 2].map(|()| tracker.track().expect("the emission has not ended"));
        let others = deliveries.map(|delivery| end_elsewhere(&ended, delivery));
        drop(open);
        block_on(all.wait());
        assert_eq!(ended.load(Ordering::Acquire), 2);
        assert!(tracker.track().is_none(), "nothing begins after the end");
        others.into_iter().for_each(join);
    });
}

#[test]
fn what_a_delivery_causes_is_awaited_though_the_emitter_waits_already() {
    check(|| {
        let ended = new();
        let (tracker, open, all) = Tracker::start(None);
        let delivery = tracker.track().expect("the emission has not ended");
        let other = thread::spawn({
            let (tracker, ended) = (tracker.clone(), LoomArc::clone(&ended));
            move || {
                let caused = tracker.track().expect("its cause has not ended");
                let consumer = end_elsewhere(&ended, caused);
                end(&ended, delivery);
                join(consumer);
            }
        });
        drop(open);
        block_on(all.wait());
        assert_eq!(ended.load(Ordering::Acquire), 2);
        join(other);
    });
}

#[test]
fn what_begins_beside_the_end_is_awaited_or_does_not_begin() {
    check(|| {
        let ended = new();
        let (tracker, open, all) = Tracker::start(None);
        let other = thread::spawn({
            let ended = LoomArc::clone(&ended);
            move || {
                ended.load(Ordering::Acquire);
                let late = tracker.track();
                let began = usize::from(late.is_some());
                if let Some(late) = late {
                    end(&ended, late);
                }
                began
            }
        });
        ended.load(Ordering::Acquire);
        drop(open);
        block_on(all.wait());
        let at_the_end = ended.load(Ordering::Acquire);
        assert_eq!(other.join().expect("no panic"), at_the_end);
    });
}

#[test]
fn of_two_that_wait_one_that_gives_up_costs_the_other_nothing() {
    check(|| {
        let ended = new();
        let (_tracker, open, all) = Tracker::start(None);
        let other = end_elsewhere(&ended, open);
        {
            let mut given_up = pin!(all.wait());
            let mut context = Context::from_waker(Waker::noop());
            let _ = given_up.as_mut().poll(&mut context);
        }
        block_on(all.wait());
        assert_eq!(ended.load(Ordering::Acquire), 1);
        join(other);
    });
}

#[test]
fn an_emission_inside_of_another_keeps_that_from_its_end() {
    check(|| {
        let ended = new();
        let (outer, open, all) = Tracker::start(None);
        let (inner, inner_open, inner_all) = Tracker::start(outer.track());
        let delivery = inner.track().expect("the emission has not ended");
        let other = end_elsewhere(&ended, delivery);
        drop(inner_open);
        drop(open);
        block_on(all.wait());
        assert_eq!(ended.load(Ordering::Acquire), 1);
        block_on(inner_all.wait());
        join(other);
    });
}
