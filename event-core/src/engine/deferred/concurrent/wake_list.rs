//! Wakers for the futures of one set, which wake the outer future and say which future was woken.

use std::sync::{Arc, PoisonError};
#[cfg(not(loom))]
use std::sync::{Mutex, MutexGuard};
use std::task::{Wake, Waker};

#[cfg(loom)]
use loom::sync::{Mutex, MutexGuard};

/// Which futures were woken, and the waker of the outer one.
pub(super) struct WakeList(Mutex<State>);

struct State {
    futures: Vec<u32>,
    /// Whether each future is in `futures`, by its number.
    is_woken: Vec<bool>,
    /// The waker of the outer future. Taken by the first wake-up, and set again by the next turn.
    outer: Option<Waker>,
}

impl WakeList {
    pub(super) fn new(outer: Waker) -> Self {
        Self(Mutex::new(State {
            futures: Vec::new(),
            is_woken: Vec::new(),
            outer: Some(outer),
        }))
    }

    /// Makes the waker of a future.
    pub(super) fn waker(self: &Arc<Self>, future: u32) -> Waker {
        let wakes = Arc::clone(self);
        Waker::from(Arc::new(SlotWaker { future, wakes }))
    }

    pub(super) fn wake(&self, future: u32) {
        let outer = {
            let mut state = self.lock();
            let at = future as usize;
            if state.is_woken.len() <= at {
                state.is_woken.resize(at + 1, false);
            }
            if std::mem::replace(&mut state.is_woken[at], true) {
                return;
            }
            state.futures.push(future);
            state.outer.take()
        };
        // Outside of the lock, since a waker is the runtime's code.
        if let Some(outer) = outer {
            outer.wake();
        }
    }

    /// Moves the woken futures to `woken`, which is empty. The next wake-up wakes `outer`.
    pub(super) fn take(&self, outer: Waker, woken: &mut Vec<u32>) {
        let before = {
            let mut state = self.lock();
            std::mem::swap(&mut state.futures, woken);
            for future in &*woken {
                state.is_woken[*future as usize] = false;
            }
            state.outer.replace(outer)
        };
        drop(before);
    }

    /// Detaches the wakers that outlive the futures: they wake nothing.
    pub(super) fn close(&self) {
        let outer = self.lock().outer.take();
        drop(outer);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes one of many futures.
struct SlotWaker {
    future: u32,
    wakes: Arc<WakeList>,
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        self.wakes.wake(self.future);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wakes.wake(self.future);
    }
}
