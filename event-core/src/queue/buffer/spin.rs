//! Spinning a little before sleeping, where sleep and wake-up would take longer than the wait.
//!
//! The models for loom do not spin: spinning changes when a thread looks, never what the thread sees.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{LazyLock, PoisonError};
#[cfg(not(loom))]
use std::sync::{Mutex, MutexGuard};
use std::thread;

#[cfg(loom)]
use loom::sync::{Mutex, MutexGuard};

use crate::queue::buffer::sleep::Whom;
use crate::queue::buffer::state::State;

/// Locks a mutex, and ignores that it is poisoned.
#[inline]
pub(crate) fn lock<S>(mutex: &Mutex<S>) -> MutexGuard<'_, S> {
    if !cfg!(loom)
        && let Ok(state) = mutex.try_lock()
    {
        return state;
    }
    contend(mutex)
}

/// Tries the lock at growing intervals before this thread sleeps, so that the thread that has the lock can
/// do several steps. Without the intervals the two threads would take turns, and each turn moves the memory
/// of the state to the other core.
#[cold]
fn contend<S>(mutex: &Mutex<S>) -> MutexGuard<'_, S> {
    if !cfg!(loom) {
        for pauses in [32, 64, 128, 256] {
            (0..pauses).for_each(|_| spin_loop());
            if let Ok(state) = mutex.try_lock() {
                return state;
            }
        }
    }
    // No code of users runs under the lock, so a panic leaves no step half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which kinds of sleepers have something to do, as far as is known without the lock.
///
/// On its own cache lines, since a spinning thread reads it all the time.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Hint {
    /// A bit for consumers, and one for producers; watchers do not spin. Written under the lock.
    bits: AtomicU8,
    /// How often a thread looks before it sleeps.
    looks: u32,
}

impl Hint {
    pub(crate) fn new() -> Self {
        Self {
            bits: AtomicU8::new(0),
            looks: *LOOKS,
        }
    }

    #[inline]
    pub(crate) fn set<T>(&self, state: &State<T>) {
        let bits = u8::from(state.has_work()) << Whom::Consumers as u8
            | u8::from(state.has_capacity()) << Whom::Producers as u8;
        // A write takes the cache line from all threads that read it, and the bits seldom change.
        if self.bits.load(Ordering::Relaxed) != bits {
            self.bits.store(bits, Ordering::Relaxed);
        }
    }

    /// Looks for a while whether there is something to do for `whom`. Returns whether there was.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn spin(&self, whom: Whom) -> bool {
        (0..self.looks).any(|look| {
            if look < SPINS {
                spin_loop();
            } else {
                thread::yield_now();
            }
            self.bits.load(Ordering::Relaxed) & 1 << whom as u8 != 0
        })
    }
}

/// How often a thread looks while it keeps its core, and then how often it yields and looks.
const SPINS: u32 = 100;
const YIELDS: u32 = 4;

/// How often a thread looks; never on a single core, where nothing changes while a thread spins. Computed
/// once, since the system reads the number of cores from files.
static LOOKS: LazyLock<u32> = LazyLock::new(|| match thread::available_parallelism() {
    Ok(cores) if cores.get() > 1 && !cfg!(loom) => SPINS + YIELDS,
    _ => 0,
});
