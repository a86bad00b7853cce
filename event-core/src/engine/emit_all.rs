//! Emits recorded events together.

use std::sync::Arc;

use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::emitter_buffer::EmitterBuffer;
use crate::engine::emission::erased::ErasedEvent;
use crate::engine::emission::lineage::{Lineage, ROOT_LINEAGE};
use crate::engine::emission::values::Values;
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
    events: Vec<Box<dyn ErasedEvent>>,
    values: Option<Arc<Values>>,
    replays: bool,
) -> Report {
    let mut cascade = Cascade::default();
    enter_all(inner, events, values, replays, &mut cascade);
    cascade.run_caused(inner);
    cascade.into_report()
}

/// Lets recorded events wait in a root for their turn; none does if the root is not to be emitted. In
/// a replay, which `replays` or what runs on this thread may say, those are left out that are in its
/// record.
pub(crate) fn enter_all(
    inner: &DispatcherState,
    events: Vec<Box<dyn ErasedEvent>>,
    values: Option<Arc<Values>>,
    replays: bool,
    cascade: &mut Cascade,
) {
    let replays = replays || scope::is_under_way(inner.id());
    let events = if replays {
        cascade.discard_recorded(inner, events)
    } else {
        events
    };
    let Some(first) = events.first() else {
        cascade.queue_recorded(events, &ROOT_LINEAGE);
        return;
    };
    match emit::begin(inner, first.info(), values) {
        Ok(lineage) => cascade.queue_recorded(events, &Lineage { replays, ..lineage }),
        Err(why) => {
            cascade.not_entered(inner, first.as_any_event(), None, &why);
            cascade.queue_recorded(events, &ROOT_LINEAGE);
            cascade.keep_unemitted(inner);
        }
    }
}

/// Emits an event that an emitter was given after its delivery had ended: at once, as a root of its own.
pub(crate) fn emit_late(event: Box<dyn ErasedEvent>, by: &EmitterBuffer) {
    let Some(owner) = DispatcherOwner::of(&by.dispatcher) else {
        let (event, handler) = (event.info().name(), by.handler.name());
        log::lost(event, handler, &"the dispatcher of this emitter is gone");
        return;
    };
    let owner = DropCaught::new(owner);
    emit_all(&owner, vec![event], None, by.replays);
}
