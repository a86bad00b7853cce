//! Emits recorded events together.

use std::sync::Arc;

use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::emitter_buffer::EmitterBuffer;
use crate::engine::emission::lineage::ROOT_LINEAGE;
use crate::engine::emission::options::RootOptions;
use crate::engine::emission::pending_event::PendingEvent;
use crate::engine::emit;
use crate::engine::owner::DispatcherOwner;
use crate::engine::state::DispatcherState;
use crate::log;
use crate::nesting::scope;
use crate::panics::DropCaught;
use crate::report::Report;

/// Emits recorded events as one root.
pub(crate) fn emit_all(
    inner: &Arc<DispatcherState>,
    events: Vec<PendingEvent>,
    options: &RootOptions,
    wait_policy: WaitPolicy,
) -> Report {
    let mut cascade = options.cascade(wait_policy);
    enter_all(inner, events, options, &mut cascade);
    cascade.run_caused(inner);
    cascade.into_report()
}

/// Queues recorded events in a cascade, unless the cascade is refused. Inside of a handler of a replayed
/// event, events that are in the journal are discarded.
pub(crate) fn enter_all(
    inner: &DispatcherState,
    events: Vec<PendingEvent>,
    options: &RootOptions,
    cascade: &mut Cascade,
) {
    let events = if scope::is_replaying(inner.id()) {
        cascade.discard_recorded(inner, events)
    } else {
        events
    };
    let Some(PendingEvent { event: first, .. }) = events.first() else {
        cascade.queue_recorded(events, &ROOT_LINEAGE);
        return;
    };
    match emit::begin(inner, first.info(), options) {
        Ok(lineage) => cascade.queue_recorded(events, &lineage),
        Err(why) => {
            cascade.not_entered(inner, first.as_any_event(), None, &why);
            cascade.queue_recorded(events, &ROOT_LINEAGE);
            cascade.keep_unemitted(inner);
        }
    }
}

/// Emits an event that an emitter was given after its delivery had ended, at once and as a root of its
/// own.
pub(crate) fn emit_late(event: PendingEvent, by: &EmitterBuffer) {
    let Some(owner) = DispatcherOwner::of(&by.dispatcher) else {
        let (event, handler) = (event.event.info().name(), by.handler.name());
        log::lost(event, handler, &"the dispatcher of this emitter is gone");
        return;
    };
    let owner = DropCaught::new(owner);
    let mut cascade = Cascade::default();
    let events = if by.replays {
        cascade.discard_recorded(&owner, vec![event])
    } else {
        vec![event]
    };
    let options = RootOptions {
        replays: by.replays,
        ..RootOptions::default()
    };
    enter_all(&owner, events, &options, &mut cascade);
    cascade.run_caused(&owner);
    // No code gets this report; each failure was logged when it was made.
    drop(cascade.into_report());
}
