//! The control event: waits of tasks and threads, timeouts, cancelled waits and reuse.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use event_core::flag::{Flag, Wait};
use event_tests::until;
use pollster::block_on;

/// Counts how often a task was woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Wakes {
    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn poll(self: &Arc<Self>, wait: &mut Wait<'_>) -> Poll<()> {
        let waker = Waker::from(Arc::clone(self));
        Pin::new(wait).poll(&mut Context::from_waker(&waker))
    }
}

#[test]
fn a_flag_is_clear_at_first_and_set_twice_is_one_set() {
    let flag = Flag::default();
    assert!(!flag.is_set());
    flag.clear();
    assert!(!flag.is_set());
    flag.set();
    flag.set();
    assert!(flag.is_set());
    flag.clear();
    assert!(!flag.is_set());
}

#[test]
fn a_wait_for_a_set_flag_is_over_at_once() {
    let flag = Flag::new();
    flag.set();
    block_on(flag.wait());
    flag.wait_blocking();
    assert!(flag.wait_blocking_timeout(Duration::ZERO));
    assert!(flag.is_set(), "waiting does not clear");
}

#[test]
fn a_set_on_another_thread_ends_an_async_wait() {
    let flag = Flag::new();
    thread::scope(|scope| {
        scope.spawn(|| flag.set());
        block_on(flag.wait());
    });
    assert!(flag.is_set());
}

#[test]
fn a_static_flag_is_waited_for_by_another_thread() {
    static STARTED: Flag = Flag::new();
    let waiter = thread::spawn(|| STARTED.wait_blocking());
    STARTED.set();
    waiter.join().expect("the wait does not panic");
}

#[test]
fn one_set_wakes_each_of_many_tasks_once() {
    let flag = Flag::new();
    let mut waits: Vec<_> = (0..100)
        .map(|_| (flag.wait(), Arc::new(Wakes::default())))
        .collect();
    for (wait, wakes) in &mut waits {
        assert_eq!(wakes.poll(wait), Poll::Pending);
        assert_eq!(wakes.poll(wait), Poll::Pending);
    }
    flag.set();
    flag.set();
    for (wait, wakes) in &mut waits {
        assert_eq!(wakes.get(), 1);
        assert_eq!(wakes.poll(wait), Poll::Ready(()));
        assert_eq!(wakes.poll(wait), Poll::Ready(()), "it stays over");
    }
    assert!(waits.iter().all(|(_, wakes)| wakes.get() == 1));
}

#[test]
fn one_set_lets_many_threads_go_on_however_they_wait() {
    let flag = Flag::new();
    let begun = Barrier::new(13);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                begun.wait();
                flag.wait_blocking();
            });
            scope.spawn(|| {
                begun.wait();
                assert!(flag.wait_blocking_timeout(Duration::MAX));
            });
            scope.spawn(|| {
                begun.wait();
                block_on(flag.wait());
            });
        }
        begun.wait();
        flag.set();
    });
}

#[test]
fn a_wait_that_began_is_over_though_the_flag_was_cleared_right_after_the_set() {
    let flag = Flag::new();
    let wakes = Arc::new(Wakes::default());
    let (mut polled, mut unpolled) = (flag.wait(), flag.wait());
    assert_eq!(wakes.poll(&mut polled), Poll::Pending);
    flag.set();
    let mut began_while_set = flag.wait();
    flag.clear();
    assert_eq!(wakes.get(), 1);
    for wait in [&mut polled, &mut unpolled, &mut began_while_set] {
        assert_eq!(wakes.poll(wait), Poll::Ready(()));
    }
    assert_eq!(
        wakes.poll(&mut flag.wait()),
        Poll::Pending,
        "it began later"
    );
}

#[test]
fn a_blocked_thread_goes_on_though_the_flag_was_cleared_right_after_the_set() {
    let flag = Flag::new();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| flag.wait_blocking());
        // Each round is a set and a clear; whichever comes after the wait began ends it.
        until("the waiter goes on", || {
            flag.set();
            flag.clear();
            waiter.is_finished()
        });
    });
    assert!(!flag.is_set());
}

#[test]
fn a_flag_is_set_cleared_and_waited_for_again_and_again() {
    const ROUNDS: usize = 1_000;
    let (asked, answered) = (Flag::new(), Flag::new());
    let returned = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                asked.wait_blocking();
                asked.clear();
                returned.fetch_add(1, Ordering::Relaxed);
                answered.set();
            }
        });
        for round in 1..=ROUNDS {
            asked.set();
            block_on(answered.wait());
            answered.clear();
            assert_eq!(returned.load(Ordering::Relaxed), round);
        }
    });
    assert!(!asked.is_set() && !answered.is_set());
}

#[test]
fn a_timeout_returns_false_not_before_its_time() {
    const TIMEOUT: Duration = Duration::from_millis(5);
    let flag = Flag::new();
    let start = Instant::now();
    assert!(!flag.wait_blocking_timeout(TIMEOUT));
    assert!(start.elapsed() >= TIMEOUT);
    assert!(!flag.wait_blocking_timeout(Duration::ZERO));
    assert_eq!(format!("{flag:?}"), "Flag { set: false, waiting: 0 }");
    flag.set();
    assert!(flag.wait_blocking_timeout(TIMEOUT));
}

#[test]
fn a_cancelled_wait_leaves_no_trace() {
    let flag = Flag::new();
    let (cancelled, kept) = (Arc::new(Wakes::default()), Arc::new(Wakes::default()));
    let (mut first, mut second) = (flag.wait(), flag.wait());
    assert_eq!(cancelled.poll(&mut first), Poll::Pending);
    assert_eq!(kept.poll(&mut second), Poll::Pending);
    assert_eq!(format!("{flag:?}"), "Flag { set: false, waiting: 2 }");

    drop(first);
    assert_eq!(format!("{flag:?}"), "Flag { set: false, waiting: 1 }");
    assert_eq!(Arc::strong_count(&cancelled), 1, "its waker is dropped");

    flag.set();
    assert_eq!((cancelled.get(), kept.get()), (0, 1));
    assert_eq!(kept.poll(&mut second), Poll::Ready(()));
    assert_eq!(format!("{flag:?}"), "Flag { set: true, waiting: 0 }");
}

#[test]
fn a_wait_that_is_cancelled_after_the_set_wakes_nobody_else() {
    let flag = Flag::new();
    let (cancelled, later) = (Arc::new(Wakes::default()), Arc::new(Wakes::default()));
    let mut first = flag.wait();
    assert_eq!(cancelled.poll(&mut first), Poll::Pending);
    flag.set();
    flag.clear();
    let mut second = flag.wait();
    assert_eq!(later.poll(&mut second), Poll::Pending);
    drop(first);
    assert_eq!(later.get(), 0);
}

#[test]
fn a_flag_and_its_wait_cross_threads() {
    fn crosses<T: Send + Sync + Unpin>(_: &T) {}
    let flag = Flag::new();
    crosses(&flag);
    crosses(&flag.wait());
    assert_eq!(format!("{:?}", flag.wait()), "Wait { over: false, .. }");
}
