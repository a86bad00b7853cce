//! What an emission comes from.

use std::sync::{Arc, OnceLock};

use crate::engine::emission::values::Values;
use crate::engine::state::DispatcherState;
use crate::event::info::EventInfo;
use crate::meta::Meta;
use crate::meta::parent::ParentEvent;
use crate::nesting;
use crate::nesting::scope::{self, NestingScope};
use crate::spans::Trace;

/// What an emission comes from, and what it carries on.
#[derive(Clone)]
pub(crate) struct Lineage {
    pub(crate) depth: u32,
    /// The event is replayed, or a handler of one that is caused it.
    pub(crate) replays: bool,
    /// The event outlives its emission: whoever asks for its identity later finds it in `own`.
    pub(crate) outlives: bool,
    /// The emission's own identity, if it was stamped when it began. Else the first who asks makes
    /// it: an inline handler, or a failure.
    pub(crate) meta: Option<Meta>,
    /// The event as what it causes knows it, if it outlives its emission and somebody has asked.
    pub(crate) own: OnceLock<Arc<ParentEvent>>,
    /// The event that caused this one.
    pub(crate) parent: Option<Arc<ParentEvent>>,
    /// What the emitter gave along.
    pub(crate) values: Option<Arc<Values>>,
    /// The span of the delivery that caused it.
    pub(crate) within: Trace,
    /// The emission's own span, once it has begun.
    pub(crate) trace: Trace,
}

/// Of an event that code outside of handlers emits. A static, since what has a `Drop` would be made
/// anew at each mention.
pub(crate) static ROOT_LINEAGE: Lineage = Lineage::at(0);

impl Lineage {
    /// Of a root inside of so many emissions on this thread.
    pub(crate) const fn at(depth: u32) -> Self {
        Self {
            depth,
            replays: false,
            outlives: false,
            meta: None,
            own: OnceLock::new(),
            parent: None,
            values: None,
            within: Trace::NONE,
            trace: Trace::NONE,
        }
    }

    /// Of a root that is emitted on this thread.
    pub(crate) fn here(inner: &DispatcherState) -> Self {
        Self {
            replays: scope::is_under_way(inner.id()),
            parent: nesting::cause().map(ParentEvent::known),
            ..Self::at(nesting::next())
        }
    }

    /// Of an event that a delivery of this one causes.
    pub(crate) fn caused(&self, parent: Arc<ParentEvent>, within: Trace) -> Self {
        Self {
            replays: self.replays,
            parent: Some(parent),
            values: self.values.clone(),
            within,
            ..Self::at(self.depth + 1)
        }
    }

    /// Of an event that outlives its emission: all who ask for its identity get the same one.
    pub(crate) fn outliving(self) -> Self {
        Self {
            outlives: true,
            ..self
        }
    }

    /// The event as what it causes knows it, if it outlives its emission.
    pub(crate) fn own(&self) -> Option<&Arc<ParentEvent>> {
        self.outlives
            .then(|| self.own.get_or_init(|| self.as_parent(None)))
    }

    /// The event as what it causes knows it, with its identity if that is known.
    pub(crate) fn as_parent(&self, known: Option<&Meta>) -> Arc<ParentEvent> {
        match self.meta.as_ref().or(known) {
            Some(meta) => ParentEvent::known(meta.parent()),
            None => ParentEvent::caused_by(self.parent.as_ref()),
        }
    }

    /// Whether an event that comes from here is in the record that is replayed, and so is not
    /// emitted. One that is not `wire` is in none.
    pub(crate) fn discards(&self, event: &EventInfo) -> bool {
        self.replays && event.is_wire()
    }

    /// Where handlers of the event run.
    pub(crate) fn scope(&self) -> NestingScope {
        NestingScope {
            depth: self.depth,
            replays: self.replays,
        }
    }
}
