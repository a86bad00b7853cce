//! Drops events, whose `Drop` is the user's code.

use crate::engine::emission::erased::RootEvent;
use crate::event::Event;
use crate::event::info::EventInfo;
use crate::panics;
use crate::report::failure::{Cause, Failure};

/// Drops the event of a root; returns the failure if its `Drop`, which is the user's code, panicked.
#[inline]
pub(crate) fn discard<E: Event>(event: E) -> Option<Failure> {
    if !const { std::mem::needs_drop::<E>() } {
        return None;
    }
    discard_as(E::INFO, event)
}

/// Drops the event of a root that was not shared; returns the failure if its `Drop` panicked.
pub(crate) fn discard_root(event: &mut dyn RootEvent) -> Option<Failure> {
    if !event.needs_drop() {
        return None;
    }
    let info = event.event().info();
    let panic = panics::catch(|| event.drop_event()).err()?;
    Some(Failure::new(info, None, Cause::Drop(panic)))
}

/// Drops a value that holds an event; returns the failure if the drop panicked.
pub(crate) fn discard_as<T>(info: &'static EventInfo, holder: T) -> Option<Failure> {
    let panic = panics::catch(|| drop(holder)).err()?;
    Some(Failure::new(info, None, Cause::Drop(panic)))
}
