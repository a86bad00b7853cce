//! What is replayed on this thread.
//!
//! A handler of a replayed event may emit on its own, and what it emits is in the record, too: so
//! emits have to know that they come from inside of one. Only the dispatcher that replays discards
//! them; to any other they are side effects like all others.

use std::cell::RefCell;

use crate::meta::parent::Identity;
use crate::nesting;
use crate::nesting::NestingError;
use crate::nesting_depth;

/// Tells one dispatcher from another while both live: the address of what its clones share.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct DispatcherId(pub(crate) usize);

thread_local! {
    /// The dispatchers whose replayed events are being handled; the innermost last.
    static REPLAYING: RefCell<Vec<DispatcherId>> = const { RefCell::new(Vec::new()) };
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
    pub(crate) fn here(dispatcher: DispatcherId) -> Option<Self> {
        let depth = nesting::next().checked_sub(1)?;
        Some(Self {
            depth,
            replays: is_under_way(dispatcher),
        })
    }

    /// Runs the handlers of the event; also answers what inside of it was refused, if anything was.
    #[inline]
    pub(crate) fn enter<R>(
        self,
        dispatcher: DispatcherId,
        run: impl FnOnce() -> R,
    ) -> (R, Option<NestingError>) {
        let _replaying = self.replays.then(|| Replaying::begin(dispatcher));
        nesting::enter(self.depth, run)
    }

    /// Runs code that is told about the event, and that may emit: what it emits is caused by the event.
    /// The code does not unwind.
    pub(crate) fn descend<R>(
        self,
        dispatcher: DispatcherId,
        cause: Option<Identity>,
        run: impl FnOnce() -> R,
    ) -> (R, Option<NestingError>) {
        let _replaying = self.replays.then(|| Replaying::begin(dispatcher));
        nesting::descend(self.depth, cause, run)
    }
}

/// Whether a handler of an event runs on this thread that the dispatcher replays.
pub(crate) fn is_under_way(dispatcher: DispatcherId) -> bool {
    if nesting_depth::is_outermost() {
        return false;
    }
    // A thread that ends replays nothing.
    let known = REPLAYING.try_with(|all| all.borrow().contains(&dispatcher));
    known.unwrap_or(false)
}

/// A guard: handlers of a replayed event run until it is dropped.
struct Replaying(());

impl Replaying {
    #[cold]
    fn begin(dispatcher: DispatcherId) -> Self {
        let _ = REPLAYING.try_with(|all| all.borrow_mut().push(dispatcher));
        Self(())
    }
}

impl Drop for Replaying {
    fn drop(&mut self) {
        let _ = REPLAYING.try_with(|all| all.borrow_mut().pop());
    }
}
