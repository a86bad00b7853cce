//! What is replayed on this thread.
//!
//! A handler of a replayed event may emit on its own, and what it emits is in the record, too: so
//! emits have to know that they come from inside of one. Only the dispatcher that replays discards
//! them; to any other they are side effects like all others.

use std::cell::RefCell;
use std::ptr;

use crate::engine::emission::nesting;
use crate::engine::emission::nesting::NestingError;
use crate::engine::state::DispatcherState;
use crate::meta::parent::Identity;

thread_local! {
    /// The dispatchers whose replayed events are being handled, by their address; the innermost last.
    static REPLAYING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Where an emission stands on the thread that runs its handlers. A root that such a handler emits
/// stands inside of it, and has to say its depth alone.
#[derive(Clone, Copy, Default)]
pub(crate) struct NestingScope {
    pub(crate) depth: u32,
    pub(crate) replays: bool,
}

impl NestingScope {
    /// That of whatever runs on this thread; `None` outside of every emission.
    #[cfg(feature = "tokio")]
    pub(crate) fn here(inner: &DispatcherState) -> Option<Self> {
        let depth = nesting::next().checked_sub(1)?;
        Some(Self {
            depth,
            replays: is_under_way(inner),
        })
    }

    /// Runs the handlers of the event; also answers what inside of it was refused, if anything was.
    #[inline]
    pub(crate) fn enter<R>(
        self,
        inner: &DispatcherState,
        run: impl FnOnce() -> R,
    ) -> (R, Option<NestingError>) {
        let _replaying = self.replays.then(|| Replaying::begin(inner));
        nesting::enter(self.depth, run)
    }

    /// Runs code that is told about the event, and that may emit: what it emits is caused by the event.
    /// The code does not unwind.
    pub(crate) fn descend<R>(
        self,
        inner: &DispatcherState,
        cause: Option<Identity>,
        run: impl FnOnce() -> R,
    ) -> (R, Option<NestingError>) {
        let _replaying = self.replays.then(|| Replaying::begin(inner));
        nesting::descend(self.depth, cause, run)
    }
}

/// Whether a handler of an event runs on this thread that the dispatcher replays.
pub(crate) fn is_under_way(inner: &DispatcherState) -> bool {
    if nesting::is_outermost() {
        return false;
    }
    let address = ptr::from_ref(inner).addr();
    // A thread that ends replays nothing.
    let known = REPLAYING.try_with(|all| all.borrow().contains(&address));
    known.unwrap_or(false)
}

/// A guard: handlers of a replayed event run until it is dropped.
struct Replaying(());

impl Replaying {
    #[cold]
    fn begin(inner: &DispatcherState) -> Self {
        let address = ptr::from_ref(inner).addr();
        let _ = REPLAYING.try_with(|all| all.borrow_mut().push(address));
        Self(())
    }
}

impl Drop for Replaying {
    fn drop(&mut self) {
        let _ = REPLAYING.try_with(|all| all.borrow_mut().pop());
    }
}
