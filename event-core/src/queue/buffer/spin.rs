//! Spinning a little before sleeping, where a nap and a wake-up would take longer than the wait.
//!
//! None of it is in the models for loom: it changes when a thread looks, never what it sees.

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

/// Locks.
#[inline]
pub(crate) fn lock<S>(mutex: &Mutex<S>) -> MutexGuard<'_, S> {
    if !cfg!(loom)
        && let Ok(state) = mutex.try_lock()
    {
        return state;
    }
    contend(mutex)
}

/// Looks again at growing intervals, in which the one that has the lock gets several steps done,
/// before it lets the system put this thread to sleep. Asking all the time would make the two take
/// turns, and each turn moves the memory of the state to the other core.
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
    // No code of others runs under the lock, so a panic leaves nothing half done in there.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For whom there is something to do, as far as it is known without the lock.
///
/// On cache lines of its own, since a spinning thread reads it all the time.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Hint {
    /// A bit for consumers, and one for producers; no thread spins until a buffer is quiet. Written under the lock.
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
        // A write takes the line away from all who read it, and mostly nothing has changed.
        if self.bits.load(Ordering::Relaxed) != bits {
            self.bits.store(bits, Ordering::Relaxed);
        }
    }

    /// Looks for a while whether there is something to do for `whom`; says if there was.
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

/// How often a thread looks while it keeps its core, and then while it offers it to others.
const SPINS: u32 = 100;
const YIELDS: u32 = 4;

/// With a single core nothing changes while it spins. Asked once, since the answer is in files.
static LOOKS: LazyLock<u32> = LazyLock::new(|| match thread::available_parallelism() {
    Ok(cores) if cores.get() > 1 && !cfg!(loom) => SPINS + YIELDS,
    _ => 0,
});
