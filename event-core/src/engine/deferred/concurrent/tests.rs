//! Futures that count their polls, beside a model that is a plain list.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use proptest::prelude::*;

use crate::engine::deferred::concurrent::{ConcurrentFutures, FEW};

/// The state that a future and its test share.
#[derive(Default)]
struct Wakeups {
    polls: AtomicUsize,
    /// How often the future has to be woken until it is ready.
    left: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Wakeups {
    fn of(left: usize) -> Arc<Self> {
        let shared = Self::default();
        shared.left.store(left, Ordering::Relaxed);
        Arc::new(shared)
    }

    fn wake(&self) {
        self.left.fetch_sub(1, Ordering::Relaxed);
        let waker = self.waker.lock().expect("not poisoned").clone();
        waker.expect("it was polled").wake();
    }

    fn polls(&self) -> usize {
        self.polls.load(Ordering::Relaxed)
    }
}

struct Counted {
    id: usize,
    shared: Arc<Wakeups>,
}

impl Future for Counted {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.shared.polls.fetch_add(1, Ordering::Relaxed);
        if self.shared.left.load(Ordering::Relaxed) == 0 {
            return Poll::Ready(());
        }
        *self.shared.waker.lock().expect("not poisoned") = Some(context.waker().clone());
        Poll::Pending
    }
}

#[derive(Default)]
struct Outer(AtomicUsize);

impl Wake for Outer {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns which futures are ready in one turn.
fn turn(concurrent: &mut ConcurrentFutures<Counted>, waker: &Waker) -> Vec<usize> {
    let mut context = Context::from_waker(waker);
    let mut ready = Vec::new();
    while let Some((future, ())) = concurrent.next_ready(&mut context) {
        ready.push(future.id);
    }
    ready
}

fn start(
    concurrent: &mut ConcurrentFutures<Counted>,
    waker: &Waker,
    id: usize,
    shared: &Arc<Wakeups>,
) -> bool {
    let shared = Arc::clone(shared);
    let started = concurrent.start(Counted { id, shared }, &mut Context::from_waker(waker));
    started.is_some()
}

#[test]
fn many_futures_that_are_woken_one_after_the_other_are_polled_twice_each() {
    const FUTURES: usize = 10_000;
    let waker = Waker::from(Arc::new(Outer::default()));
    let mut concurrent = ConcurrentFutures::default();
    let all: Vec<_> = (0..FUTURES).map(|_| Wakeups::of(1)).collect();
    for (id, shared) in all.iter().enumerate() {
        assert!(!start(&mut concurrent, &waker, id, shared));
    }
    for (id, shared) in all.iter().enumerate().rev() {
        shared.wake();
        assert_eq!(turn(&mut concurrent, &waker), [id]);
    }
    assert!(concurrent.is_empty());
    let polls: usize = all.iter().map(|shared| shared.polls()).sum();
    assert!(polls <= 2 * FUTURES + FEW, "{polls} polls");
    assert!(all[FEW..].iter().all(|shared| shared.polls() == 2));
}

#[test]
fn futures_that_are_ready_at_once_share_one_waker() {
    let waker = Waker::from(Arc::new(Outer::default()));
    let mut concurrent = ConcurrentFutures::default();
    let waiting: Vec<_> = (0..FEW).map(|_| Wakeups::of(1)).collect();
    for (id, shared) in waiting.iter().enumerate() {
        start(&mut concurrent, &waker, id, shared);
    }
    for id in FEW..100 {
        assert!(start(&mut concurrent, &waker, id, &Wakeups::of(0)));
    }
    let many = concurrent.many.expect("there are more than a few");
    assert!(many.has_only_a_spare_waker());
}

#[test]
fn a_waker_that_outlives_the_futures_wakes_nobody() {
    let outer = Arc::new(Outer::default());
    let waker = Waker::from(Arc::clone(&outer));
    let mut concurrent = ConcurrentFutures::default();
    let all: Vec<_> = (0..2 * FEW).map(|_| Wakeups::of(1)).collect();
    for (id, shared) in all.iter().enumerate() {
        start(&mut concurrent, &waker, id, shared);
    }
    assert_eq!(concurrent.take_pending().count(), all.len());
    assert!(concurrent.is_empty());
    drop(concurrent);
    all[FEW].wake();
    assert_eq!(outer.0.load(Ordering::Relaxed), 0);
}

#[derive(Clone, Debug)]
enum Step {
    /// Starts a future that has to be woken this often.
    Start(usize),
    /// Wakes the future at this index of those that wait, modulo their number.
    Wake(usize),
    WakeAll,
    Turn,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_usize).prop_map(Step::Start),
        3 => any::<usize>().prop_map(Step::Wake),
        1 => Just(Step::Turn),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]
    #[test]
    fn each_future_ends_in_the_turn_after_its_last_wake_up(
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let outer = Arc::new(Outer::default());
        let waker = Waker::from(Arc::clone(&outer));
        let mut concurrent = ConcurrentFutures::default();
        let mut waiting: Vec<(usize, Arc<Wakeups>)> = Vec::new();
        let mut asked_before = 0;
        let is_over = |shared: &Arc<Wakeups>| shared.left.load(Ordering::Relaxed) == 0;
        // In the end each future is woken as often as it needs.
        let rest = [Step::Turn, Step::WakeAll, Step::Turn];
        for (id, step) in steps.into_iter().chain(rest).enumerate() {
            match step {
                Step::Start(left) => {
                    let shared = Wakeups::of(left);
                    let is_ready = start(&mut concurrent, &waker, id, &shared);
                    prop_assert_eq!(is_ready, left == 0);
                    if !is_ready {
                        waiting.push((id, shared));
                    }
                }
                Step::Wake(at) => {
                    let at = at.checked_rem(waiting.len()).and_then(|at| waiting.get(at));
                    if let Some((_, shared)) = at && !is_over(shared) {
                        shared.wake();
                        let asked = outer.0.load(Ordering::Relaxed);
                        prop_assert!(asked > asked_before, "a wake-up asks for a turn");
                    }
                }
                Step::WakeAll => {
                    for (_, shared) in &waiting {
                        (0..shared.left.load(Ordering::Relaxed)).for_each(|_| shared.wake());
                    }
                }
                Step::Turn => {
                    let mut ready = turn(&mut concurrent, &waker);
                    ready.sort_unstable();
                    let over = waiting.extract_if(.., |(_, shared)| is_over(shared));
                    prop_assert_eq!(ready, over.map(|(id, _)| id).collect::<Vec<_>>());
                    asked_before = outer.0.load(Ordering::Relaxed);
                }
            }
            prop_assert_eq!(concurrent.is_empty(), waiting.is_empty());
        }
        prop_assert!(concurrent.is_empty());
    }
}
