//! The control event: set and cleared, waited for by tasks and threads, without a payload.
//!
//! A [`Flag`] coordinates code; an [event](crate::event) is a fact:
//!
//! | | flag | event |
//! | --- | --- | --- |
//! | means | continue | what happened, with its data |
//! | reaches | code that waits for it, while it waits | every handler, whether it expects it or not |
//! | twice is | once | two facts |
//! | taken back | by [`clear`](Flag::clear) | never |
//!
//! Use a flag where code that already runs must wait for a condition: a cache is warm, a pause is over, a
//! shutdown was requested.
//!
//! ```
//! use event_core::flag::Flag;
//!
//! static WARM: Flag = Flag::new();
//!
//! let server = std::thread::spawn(|| {
//!     WARM.wait_blocking();
//!     "serving"
//! });
//! WARM.set();
//! assert_eq!(server.join().unwrap(), "serving");
//! ```
//!
//! Use an event where something happened that other code may react to. Code that needs to wait for the
//! fact waits for a flag that a handler sets:
//!
//! ```standalone_crate
//! use event_core::{Dispatcher, Event, flag::Flag, handler};
//!
//! static SERVING: Flag = Flag::new();
//!
//! #[derive(Event)]
//! struct CacheWarmed { entries: usize }
//!
//! #[handler]
//! fn serve(event: &CacheWarmed) {
//!     if event.entries > 0 {
//!         SERVING.set();
//!     }
//! }
//!
//! let dispatcher = Dispatcher::builder().only(serve).build()?;
//! dispatcher.emit(CacheWarmed { entries: 0 });
//! assert!(!SERVING.is_set());
//! dispatcher.emit(CacheWarmed { entries: 40 });
//! assert!(SERVING.is_set());
//! # Ok::<(), event_core::error::BuildError>(())
//! ```

// How it works. The state counts the changes between clear and set: even is clear, odd is set. A wait
// remembers the last clear state at its start, and is over as soon as the state is any other one, because
// between two clear states lies a set one. So it does not matter whether the flag is still set when the
// waiter reads it, and a wake-up by itself proves nothing: if it was sent for a set before the wait
// began, the state is unchanged, and the wait continues.
//
// No wake-up is lost because a setter changes the state, then notifies, while a waiter listens, then
// reads the state; `event-listener` puts a sequentially consistent fence between the two steps of each.
// Whichever comes first, the other sees it.
//
// The count wraps. A wait could miss a set only if exactly `usize::MAX / 2 + 1` sets happened between two
// of its reads of the state.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
#[cfg(not(loom))]
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
#[cfg(not(target_family = "wasm"))]
use std::time::{Duration, Instant};

use event_listener::{Event as Waiters, EventListener, Listener as _};
#[cfg(loom)]
use loom::sync::atomic::{AtomicUsize, Ordering};

/// A switch that tasks and threads can wait for: the control event, as `asyncio.Event` and
/// `threading.Event` are in Python.
///
/// A wait is over as soon as the flag *was* set at any moment since the wait began, even if it was
/// cleared again before the waiter ran: [`set`](Flag::set) followed by [`clear`](Flag::clear) ends every
/// wait that has begun, and no later one. No wake-up is lost, and there is none without a set. Python's
/// events behave alike, except that an async wait begins here with the call of [`wait`](Flag::wait), not
/// when the future is first polled.
///
/// Any number of tasks and threads may set, clear and wait at once, through a `&Flag`, an `Arc<Flag>` or
/// a `static`. What a thread wrote before the `set` that ends a wait is visible after the wait. Async
/// waits need no particular runtime. The order in which waits end is not specified.
///
/// # Examples
///
/// ```
/// use event_core::flag::Flag;
///
/// let resumed = Flag::new();
/// let waiting = resumed.wait();
/// resumed.set();
/// resumed.clear();
/// pollster::block_on(waiting); // it was set since the wait began
/// assert!(!resumed.is_set());
/// ```
#[derive(Default)]
pub struct Flag {
    /// Even if the flag is clear, odd if it is set.
    state: AtomicUsize,
    waiters: Waiters,
}

impl Flag {
    /// Makes a flag that is clear.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: AtomicUsize::new(0),
            waiters: Waiters::new(),
        }
    }

    /// Makes a flag that is clear. The model checker's atomics cannot be made in a constant.
    #[cfg(loom)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the flag and ends every wait for it.
    ///
    /// Setting a flag that is set does nothing. Wakers are called before this returns, under a lock of
    /// `event-listener`: do not call it inside a Unix signal handler, nor with an executor whose wakers
    /// poll at once, if what they poll uses the same flag.
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::flag::Flag;
    ///
    /// let ready = Flag::new();
    /// ready.set();
    /// ready.set(); // still one set, undone by one `clear`
    /// assert!(ready.is_set());
    /// ready.clear();
    /// assert!(!ready.is_set());
    /// ```
    pub fn set(&self) {
        let before = self.state.fetch_or(1, Ordering::AcqRel);
        if !is_set(before) {
            self.waiters.notify(usize::MAX);
        }
    }

    /// Clears the flag, which can then be set again. Clearing a flag that is clear does nothing.
    ///
    /// A wait that had begun when the flag was set ends, however soon the clear follows.
    pub fn clear(&self) {
        let state = self.state.load(Ordering::Acquire);
        if is_set(state) {
            // If this fails, another thread has cleared the flag in the meantime. The flag may have been
            // set since; then this call came before that.
            let _ = self.state.compare_exchange(
                state,
                state.wrapping_add(1),
                Ordering::AcqRel,
                Ordering::Acquire,
            );
        }
    }

    /// Whether the flag is set at this moment.
    #[must_use]
    pub fn is_set(&self) -> bool {
        is_set(self.state.load(Ordering::Acquire))
    }

    /// Returns a future that waits until the flag is set.
    ///
    /// The wait begins with this call: it is over if the flag is set now or at any moment before the
    /// future is polled. So make the future first, then start the work that sets the flag, and neither a
    /// fast set nor a `clear` right after it can be missed.
    ///
    /// # Cancellation
    ///
    /// Dropping the future ends the wait without other effects: it takes no wake-up from other waiters,
    /// and its waker is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use event_core::flag::Flag;
    ///
    /// # pollster::block_on(async {
    /// let ready = Arc::new(Flag::new());
    /// let worker = std::thread::spawn({
    ///     let ready = Arc::clone(&ready);
    ///     move || ready.set()
    /// });
    /// ready.wait().await;
    /// assert!(ready.is_set());
    /// # worker.join().unwrap();
    /// # });
    /// ```
    pub fn wait(&self) -> Wait<'_> {
        Wait {
            flag: self,
            since: self.last_clear(),
            listener: None,
        }
    }

    /// Blocks the thread until the flag is set. In async code, use [`wait`](Flag::wait).
    ///
    /// Not available on wasm, where a thread cannot block.
    #[cfg(not(target_family = "wasm"))]
    pub fn wait_blocking(&self) {
        self.block(self.last_clear(), None);
    }

    /// Blocks the thread until the flag is set, at most for `timeout`, by the monotonic clock. Returns
    /// whether the flag was set; `false` is a timeout.
    ///
    /// Waits without end if `timeout` is too long for an [`Instant`] to express. Not available on wasm,
    /// where a thread cannot block.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use event_core::flag::Flag;
    ///
    /// let stopped = Flag::new();
    /// assert!(!stopped.wait_blocking_timeout(Duration::from_millis(1)));
    /// stopped.set();
    /// assert!(stopped.wait_blocking_timeout(Duration::ZERO));
    /// ```
    #[cfg(not(target_family = "wasm"))]
    #[must_use = "`false` means that the flag was not set in time"]
    pub fn wait_blocking_timeout(&self, timeout: Duration) -> bool {
        self.block(self.last_clear(), Instant::now().checked_add(timeout))
    }

    /// Blocks until the flag was set since the clear state `since`; returns `false` if the deadline came
    /// first.
    #[cfg(not(target_family = "wasm"))]
    fn block(&self, since: usize, deadline: Option<Instant>) -> bool {
        while !self.was_set(since) {
            let listener = self.waiters.listen();
            if self.was_set(since) {
                listener.discard();
                break;
            }
            match deadline {
                None => listener.wait(),
                Some(deadline) => {
                    if listener.wait_deadline(deadline).is_none() {
                        return self.was_set(since);
                    }
                }
            }
        }
        true
    }

    /// Returns the state in which a wait begins: the current state if it is clear, else the clear one
    /// before it.
    fn last_clear(&self) -> usize {
        self.state.load(Ordering::Acquire) & !1
    }

    /// Whether the flag was set at any moment since it was in the clear state `since`.
    fn was_set(&self, since: usize) -> bool {
        self.state.load(Ordering::Acquire) != since
    }
}

fn is_set(state: usize) -> bool {
    state & 1 == 1
}

/// Shows whether the flag is set and how many waits have begun and not ended.
impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flag")
            .field("set", &is_set(self.state.load(Ordering::Acquire)))
            .field("waiting", &self.waiters.total_listeners())
            .finish()
    }
}

/// A wait for a [`Flag`]: the future made by [`Flag::wait`].
///
/// It is `Unpin`, and may be polled again after it was ready; it is then ready again.
#[must_use = "a wait does nothing unless it is awaited"]
pub struct Wait<'f> {
    flag: &'f Flag,
    /// The clear state at the start of the wait.
    since: usize,
    /// Made by the first poll that has to wait.
    listener: Option<EventListener>,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.flag.was_set(self.since) {
                self.stop_listening();
                return Poll::Ready(());
            }
            match &mut self.listener {
                // The loop reads the state again before it waits.
                None => self.listener = Some(self.flag.waiters.listen()),
                Some(listener) => match Pin::new(listener).poll(context) {
                    Poll::Pending => return Poll::Pending,
                    // The listener is used up; a new one is made if this was for an earlier set.
                    Poll::Ready(()) => self.listener = None,
                },
            }
        }
    }
}

impl Wait<'_> {
    /// Discards the listener. A listener that is dropped instead passes its notification on to another
    /// one, and each waiter has got its own.
    fn stop_listening(&mut self) {
        if let Some(listener) = self.listener.take() {
            listener.discard();
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.stop_listening();
    }
}

impl fmt::Debug for Wait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("over", &self.flag.was_set(self.since))
            .finish_non_exhaustive()
    }
}
