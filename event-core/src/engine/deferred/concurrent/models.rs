//! The interleavings of wake-ups and turns, by the model checker loom.

use std::sync::Arc;
use std::task::{Wake, Waker};

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

use crate::engine::deferred::concurrent::wake_list::WakeList;

struct Outer(AtomicUsize);

impl Wake for Outer {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

fn outer() -> (Arc<Outer>, Waker) {
    let outer = Arc::new(Outer(AtomicUsize::new(0)));
    (Arc::clone(&outer), Waker::from(outer))
}

#[test]
fn a_wake_up_beside_a_turn_is_seen_in_it_or_asks_for_another() {
    loom::model(|| {
        let (outer, waker) = outer();
        let wakes = Arc::new(WakeList::new(waker.clone()));
        let is_ready = Arc::new(AtomicBool::new(false));
        let waking = thread::spawn({
            let (wakes, is_ready) = (Arc::clone(&wakes), Arc::clone(&is_ready));
            move || {
                is_ready.store(true, Ordering::Relaxed);
                wakes.wake(0);
            }
        });
        let mut woken = Vec::new();
        wakes.take(waker.clone(), &mut woken);
        let was_seen = woken == [0] && is_ready.load(Ordering::Relaxed);
        waking.join().expect("no panic");
        if !was_seen {
            assert_eq!(outer.0.load(Ordering::Acquire), 1, "the turn is asked for");
            woken.clear();
            wakes.take(waker.clone(), &mut woken);
            assert_eq!(woken, [0]);
            assert!(is_ready.load(Ordering::Relaxed));
        }
    });
}

#[test]
fn what_two_threads_wake_is_polled_once_each() {
    loom::model(|| {
        let (outer, waker) = outer();
        let wakes = Arc::new(WakeList::new(waker.clone()));
        let others: Vec<_> = [[0, 1], [1, 0]]
            .into_iter()
            .map(|futures| {
                let wakes = Arc::clone(&wakes);
                thread::spawn(move || futures.map(|future| wakes.wake(future)))
            })
            .collect();
        for other in others {
            other.join().expect("no panic");
        }
        assert_eq!(outer.0.load(Ordering::Acquire), 1);
        let mut woken = Vec::new();
        wakes.take(waker.clone(), &mut woken);
        woken.sort_unstable();
        assert_eq!(woken, [0, 1]);
    });
}
