//! Signals, no sleeps: where time passes, it is tokio's paused clock.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use event_testing::{DispatcherExt as _, assert_handled};

use super::*;

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn warmed(ready: &Arc<Flag>) -> Dispatcher {
    let builder = Dispatcher::builder().provide_arc(Arc::clone(ready));
    builder.build().expect("wired")
}

#[tokio::test(start_paused = true)]
async fn one_fact_lets_all_go_on_who_wait() {
    let ready = Arc::new(Flag::new());
    let dispatcher = warmed(&ready);
    let workers: Vec<_> = (0..1000)
        .map(|number| tokio::spawn(work(number, Arc::clone(&ready))))
        .collect();
    // A paused clock moves when every task waits.
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(format!("{ready:?}"), "Flag { set: false, waiting: 1000 }");
    dispatcher.emit(CacheWarmed { entries: 1 });
    for (number, worker) in workers.into_iter().enumerate() {
        let done = tokio::time::timeout(Duration::from_hours(1), worker).await;
        let done = done.expect("it goes on").expect("no panic");
        assert_eq!(done, format!("worker {number} works"));
    }
}

#[test]
fn a_fact_that_is_not_good_enough_ends_no_wait() {
    let ready = Arc::new(Flag::new());
    let dispatcher = warmed(&ready);
    let rec = dispatcher.record();
    dispatcher.emit(CacheWarmed { entries: 0 });
    assert_handled!(rec, announce, Done);
    assert_handled!(rec, open, Done);
    assert!(!ready.is_set());
}

#[test]
fn a_cleared_flag_holds_the_next_and_lets_them_go_when_it_is_set_again() {
    let ready = Arc::new(Flag::new());
    for round in 0..3 {
        let mut working = pin!(work(round, Arc::clone(&ready)));
        assert!(poll(working.as_mut()).is_pending());
        ready.set();
        assert!(poll(working).is_ready());
        ready.clear();
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_with_a_timeout_ends_when_its_time_is_over_and_not_before() {
    let (ready, begun) = (Flag::new(), tokio::time::Instant::now());
    let patience = Duration::from_hours(1);
    assert_eq!(visit(&ready, patience).await, "the visitor goes away");
    assert_eq!(begun.elapsed(), patience);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_timed_out_leaves_the_flag_as_it_was() {
    let ready = Flag::new();
    let goes_away = visit(&ready, Duration::from_millis(20));
    let stays = visit(&ready, Duration::from_hours(1));
    let (goes_away, stays) = tokio::join!(
        async {
            let answer = goes_away.await;
            ready.set();
            answer
        },
        stays
    );
    assert_eq!(goes_away, "the visitor goes away");
    assert_eq!(stays, "the visitor is served");
}

#[test]
fn a_wait_begins_with_its_call_and_sees_a_set_that_is_taken_back_at_once() {
    let ready = Flag::new();
    let mut before = pin!(ready.wait());
    ready.set();
    ready.clear();
    let after = pin!(ready.wait());
    assert!(poll(before.as_mut()).is_ready());
    assert!(poll(after).is_pending());
}

#[test]
fn a_thread_waits_for_what_a_task_waits_for() {
    let ready = Arc::new(Flag::new());
    let mut working = pin!(work(1, Arc::clone(&ready)));
    assert!(poll(working.as_mut()).is_pending());
    let thread = thread::spawn({
        let ready = Arc::clone(&ready);
        move || ready.wait_blocking_timeout(Duration::from_mins(1))
    });
    warmed(&ready).emit(CacheWarmed { entries: 1 });
    assert!(thread.join().expect("no panic"), "set, and not timed out");
    assert!(poll(working).is_ready());
}
