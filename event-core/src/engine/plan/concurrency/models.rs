//! Models of the interleavings of permits for the model checker loom, which finds a lost wake-up as a
//! deadlock.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::future::block_on;
use loom::model::Builder;
use loom::sync::Arc as LoomArc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

use crate::engine::plan::concurrency::ConcurrencyLimit;

fn check(run: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(run);
}

#[test]
fn no_more_run_than_the_limit_and_whoever_waits_gets_its_turn() {
    check(|| {
        let limit = ConcurrencyLimit::new(Some(1));
        let inside = LoomArc::new(AtomicU32::new(0));
        let run = |limit: &Arc<ConcurrencyLimit>, inside: &AtomicU32| {
            let permit = block_on(limit.acquire());
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
            inside.fetch_sub(1, Ordering::SeqCst);
            drop(permit);
        };
        let other = thread::spawn({
            let (limit, inside) = (Arc::clone(&limit), LoomArc::clone(&inside));
            move || run(&limit, &inside)
        });
        run(&limit, &inside);
        other.join().expect("no panic");
    });
}

#[test]
fn a_wait_that_is_dropped_after_it_was_told_costs_nobody_a_turn() {
    check(|| {
        let limit = ConcurrencyLimit::new(Some(1));
        let permit = limit.try_acquire().expect("the first");
        let other = thread::spawn({
            let limit = Arc::clone(&limit);
            move || drop(block_on(limit.acquire()))
        });
        {
            let mut dropped = pin!(limit.acquire());
            let mut context = Context::from_waker(Waker::noop());
            assert!(dropped.as_mut().poll(&mut context).is_pending());
            drop(permit);
        }
        other.join().expect("no panic");
    });
}
