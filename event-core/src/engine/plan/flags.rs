//! The properties of an event type's handlers, as flags in one byte.
//!
//! An emit reads the byte once and without ordering, and chooses its path by it. Each path has the right
//! result for fewer flags, too, so a change that reaches another thread late is as if the emit had begun
//! earlier.

/// There are handlers that run inline.
pub(crate) const INLINE: u8 = 1;
/// There are subscriptions that run inline.
pub(crate) const SUBSCRIBED: u8 = 1 << 1;
/// There are async handlers that a task, or an async emission, runs.
pub(crate) const ASYNC: u8 = 1 << 2;
/// There are handlers that queues run.
pub(crate) const QUEUED: u8 = 1 << 3;
/// There are subscriptions that do not run inline.
pub(crate) const DEFERRED_SUBSCRIBED: u8 = 1 << 4;
/// Some handler that does not run inline has a filter, a timeout, a limit of concurrency, or an `after`.
pub(crate) const CONDITIONAL: u8 = 1 << 5;
/// Each step is checked: for observers or spans, since the dispatcher closes, or since a handler may stop
/// the event.
pub(crate) const STEPWISE: u8 = 1 << 6;
/// An observer keeps events, so each is held in an `Arc`.
pub(crate) const KEPT: u8 = 1 << 7;

/// Returns the flags that all events of a dispatcher have.
pub(crate) fn of_dispatcher(is_watched: bool, keeps_events: bool) -> u8 {
    let flag = |flag, is_set| if is_set { flag } else { 0 };
    flag(STEPWISE, is_watched) | flag(KEPT, keeps_events)
}
