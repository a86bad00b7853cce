//! The scope of an emission on this thread: its depth, and whether it is replayed.
//!
//! A handler of a replayed event may emit on its own, and such an event is in the journal, too: so an
//! emit has to know whether it runs inside of a replayed event. Only the dispatcher that replays discards
//! these events; for any other dispatcher they are ordinary side effects.

use std::cell::{Cell, RefCell};

use crate::meta::parent::Identity;
use crate::nesting;
use crate::nesting::NestingError;
use crate::nesting::tracker::Tracker;
use crate::nesting_depth;

/// Distinguishes live dispatchers: the address of the state that the clones of one share.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct DispatcherId(pub(crate) usize);

thread_local! {
    /// The dispatchers whose replayed events are being handled, the innermost last.
    static REPLAYING: RefCell<Vec<DispatcherId>> = const { RefCell::new(Vec::new()) };
    /// The trackers of the emissions whose handlers run, and of the sessions whose code runs, the innermost last.
    static TRACKING: RefCell<Vec<Tracker>> = const { RefCell::new(Vec::new()) };
    /// How many trackers there are in `TRACKING`.
    static TRACKERS: Cell<usize> = const { Cell::new(0) };
}

/// The position of an emission on the thread that runs its handlers. A root that such a handler emits
/// inherits it.
#[derive(Clone, Default)]
pub(crate) struct NestingScope {
    pub(crate) depth: u32,
    pub(crate) replays: bool,
    pub(crate) tracker: Option<Tracker>,
}

impl NestingScope {
    /// Returns the scope of the current code; `None` outside of every emission.
    #[cfg(feature = "tokio")]
    pub(crate) fn here(dispatcher: DispatcherId) -> Option<Self> {
        let depth = nesting::next().checked_sub(1)?;
        Some(Self {
            depth,
            replays: is_replaying(dispatcher),
            tracker: tracker(),
        })
    }

    /// Runs the handlers of the event; also returns the last refusal inside of it, if there was one.
    #[inline]
    pub(crate) fn enter<R>(
        &self,
        dispatcher: DispatcherId,
        run: impl FnOnce() -> R,
    ) -> (R, Option<NestingError>) {
        let _replaying = self.replays.then(|| Replaying::begin(dispatcher));
        let _tracking = self.tracker.as_ref().map(Tracking::begin);
        nesting::enter(self.depth, run)
    }

    /// Runs code that is told about the event, and that may emit: an event that it emits is caused by the
    /// event. The code does not unwind.
    pub(crate) fn descend<R>(
        &self,
        dispatcher: DispatcherId,
        cause: Option<Identity>,
        run: impl FnOnce() -> R,
    ) -> (R, Option<NestingError>) {
        let _replaying = self.replays.then(|| Replaying::begin(dispatcher));
        let _tracking = self.tracker.as_ref().map(Tracking::begin);
        nesting::descend(self.depth, cause, run)
    }
}

/// Whether a handler of an event that the dispatcher replays runs on this thread.
pub(crate) fn is_replaying(dispatcher: DispatcherId) -> bool {
    if nesting_depth::is_outermost() {
        return false;
    }
    // A thread that ends may have dropped the list; it replays nothing.
    let known = REPLAYING.try_with(|all| all.borrow().contains(&dispatcher));
    known.unwrap_or(false)
}

/// Whether what is emitted on this thread is tracked.
#[inline]
pub(crate) fn is_tracked() -> bool {
    TRACKERS.get() != 0
}

/// Returns the tracker of the emission whose handler runs on this thread, or of the session whose code runs.
#[inline]
pub(crate) fn tracker() -> Option<Tracker> {
    if is_tracked() { innermost() } else { None }
}

#[cold]
fn innermost() -> Option<Tracker> {
    // A thread that ends may have dropped the list; it runs no handler.
    let tracker = TRACKING.try_with(|all| all.borrow().last().cloned());
    tracker.ok().flatten()
}

/// Makes what is emitted on this thread tracked, until the guard is dropped.
pub(crate) fn track(tracker: &Tracker) -> Tracking {
    Tracking::begin(tracker)
}

/// A guard: handlers of a tracked emission, or code of a session, run until it is dropped.
pub(crate) struct Tracking(());

impl Tracking {
    #[cold]
    fn begin(tracker: &Tracker) -> Self {
        let _ = TRACKING.try_with(|all| all.borrow_mut().push(tracker.clone()));
        TRACKERS.set(TRACKERS.get() + 1);
        Self(())
    }
}

impl Drop for Tracking {
    fn drop(&mut self) {
        TRACKERS.set(TRACKERS.get() - 1);
        let ended = TRACKING.try_with(|all| all.borrow_mut().pop());
        drop(ended);
    }
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
