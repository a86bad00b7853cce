//! Facts that code recorded, emitted together.

use std::sync::Arc;

use super::cascade::Root;
use super::emit;
use super::inner::Inner;
use super::origin::{Origin, ROOT};
use super::replaying;
use crate::context::Values;
use crate::pending::PendingEvents;
use crate::report::Report;

/// Emits recorded events as one root.
pub(crate) fn emit_all(
    inner: &Arc<Inner>,
    pending: PendingEvents,
    values: Option<Arc<Values>>,
    replays: bool,
) -> Report {
    let mut root = Root::default();
    enter_all(inner, pending, values, replays, &mut root);
    root.run_caused(inner);
    root.into_report()
}

/// Lets recorded events wait in a root for their turn; none does if the root is not to be emitted. In
/// a replay, which `replays` or what runs on this thread may say, those are left out that are in its
/// record.
pub(crate) fn enter_all(
    inner: &Inner,
    pending: PendingEvents,
    values: Option<Arc<Values>>,
    replays: bool,
    root: &mut Root,
) {
    let replays = replays || replaying::is_under_way(inner);
    let events = if replays {
        root.discard_recorded(inner, pending.events)
    } else {
        pending.events
    };
    let Some(first) = events.first().map(|first| first.info()) else {
        root.record(events, &ROOT);
        return;
    };
    match emit::enter_root(inner, first, values) {
        Ok(origin) => root.record(events, &Origin { replays, ..origin }),
        Err(why) => {
            root.record(events, &ROOT);
            root.not_entered(first, &why);
            root.leave_the_rest(inner);
        }
    }
}
