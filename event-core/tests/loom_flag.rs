//! The interleavings of `Flag`, by the model checker loom, which finds a lost wake-up as a
//! deadlock: `RUSTFLAGS='--cfg loom' cargo test -p event-core --release --test loom_flag`.
//!
//! Models of two threads are explored in full, those of three up to two preemptions. Deadlines are
//! no part of the models: loom knows no time.
#![cfg(loom)]

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use event_core::flag::{Flag, Wait};
use loom::future::block_on;
use loom::model::Builder;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread::{self, JoinHandle};

/// A model of three threads. In full it takes longer than a test may.
fn model_of_three(run: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(run);
}

/// Runs `steps` on another thread, with the flag.
fn with(flag: &Arc<Flag>, steps: impl FnOnce(&Flag) + 'static) -> JoinHandle<()> {
    let flag = Arc::clone(flag);
    thread::spawn(move || steps(&flag))
}

fn set_and_clear(flag: &Flag) {
    flag.set();
    flag.clear();
}

fn join(other: JoinHandle<()>) {
    other.join().expect("the other thread does not panic");
}

fn poll(wait: &mut Wait<'_>) -> Poll<()> {
    Pin::new(wait).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_wait_that_began_before_a_set_ends_though_a_clear_follows() {
    loom::model(|| {
        let flag = Arc::new(Flag::new());
        let wait = flag.wait();
        let setter = with(&flag, set_and_clear);
        block_on(wait);
        join(setter);
        assert!(!flag.is_set());
    });
}

#[test]
fn a_wait_that_was_polled_before_a_set_ends_though_a_clear_follows() {
    loom::model(|| {
        let flag = Arc::new(Flag::new());
        let mut wait = flag.wait();
        assert_eq!(poll(&mut wait), Poll::Pending);
        let setter = with(&flag, set_and_clear);
        block_on(wait);
        join(setter);
    });
}

#[test]
fn what_was_written_before_a_set_is_seen_after_the_wait_though_a_clear_follows() {
    loom::model(|| {
        let flag = Arc::new(Flag::new());
        let data = Arc::new(AtomicUsize::new(0));
        let wait = flag.wait();
        let setter = with(&flag, {
            let data = Arc::clone(&data);
            move |flag| {
                data.store(1, Ordering::Relaxed);
                set_and_clear(flag);
            }
        });
        block_on(wait);
        assert_eq!(data.load(Ordering::Relaxed), 1);
        join(setter);
    });
}

#[test]
fn a_blocked_thread_is_woken() {
    loom::model(|| {
        let flag = Arc::new(Flag::new());
        let setter = with(&flag, Flag::set);
        flag.wait_blocking();
        assert!(flag.is_set());
        join(setter);
    });
}

#[test]
fn a_set_wakes_tasks_and_threads() {
    model_of_three(|| {
        let flag = Arc::new(Flag::new());
        let thread = with(&flag, Flag::wait_blocking);
        let setter = with(&flag, Flag::set);
        block_on(flag.wait());
        join(thread);
        join(setter);
    });
}

#[test]
fn a_wait_does_not_end_by_a_set_that_was_cleared_before_it_began() {
    loom::model(|| {
        let flag = Arc::new(Flag::new());
        // Its notification may come at any time later.
        let setter = with(&flag, Flag::set);
        if flag.is_set() {
            flag.clear();
            let mut wait = flag.wait();
            assert_eq!(poll(&mut wait), Poll::Pending);
            join(setter);
            assert_eq!(poll(&mut wait), Poll::Pending);
            flag.set();
            assert_eq!(poll(&mut wait), Poll::Ready(()));
        } else {
            join(setter);
        }
    });
}

#[test]
fn a_dropped_wait_takes_no_wake_up_from_another() {
    loom::model(|| {
        let flag = Arc::new(Flag::new());
        let (mut dropped, mut kept) = (flag.wait(), flag.wait());
        assert_eq!(poll(&mut dropped), Poll::Pending);
        assert_eq!(poll(&mut kept), Poll::Pending);
        let setter = with(&flag, set_and_clear);
        drop(dropped);
        block_on(kept);
        join(setter);
    });
}

#[test]
fn two_setters_with_a_clear_between_them_end_a_wait() {
    model_of_three(|| {
        let flag = Arc::new(Flag::new());
        let wait = flag.wait();
        let first = with(&flag, Flag::set);
        let second = with(&flag, |flag| {
            flag.clear();
            flag.set();
        });
        block_on(wait);
        join(first);
        join(second);
        assert!(flag.is_set());
    });
}

#[test]
fn two_clears_at_once_are_one() {
    loom::model(|| {
        let flag = Arc::new(Flag::new());
        flag.set();
        let other = with(&flag, Flag::clear);
        flag.clear();
        assert!(!flag.is_set());
        join(other);
        assert!(!flag.is_set());
    });
}
