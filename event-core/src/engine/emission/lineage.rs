//! What an emission inherits.

use std::panic::Location;
use std::sync::{Arc, OnceLock};

use crate::engine::emission::values::Values;
use crate::engine::state::DispatcherState;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::meta::Meta;
use crate::meta::parent::ParentEvent;
use crate::nesting;
use crate::nesting::scope::{self, NestingScope};
use crate::nesting::tracker::Tracker;
use crate::spans::Trace;

/// What an emission inherits from its cause and its emitter, and passes on.
#[derive(Clone)]
pub(crate) struct Lineage {
    pub(crate) depth: u32,
    /// Whether the event is replayed, or was caused by a handler of a replayed event.
    pub(crate) replays: bool,
    /// Whether the event outlives its emission; its identity is then kept in `own`.
    pub(crate) outlives: bool,
    /// The emission's own identity, if it was stamped when it began. Otherwise the first code that asks
    /// for the identity makes it: an inline handler, or a failure.
    pub(crate) meta: Option<Meta>,
    /// The event as the parent of those that it causes, if it outlives its emission; made on first use.
    pub(crate) own: OnceLock<Arc<ParentEvent>>,
    /// The event that caused this one.
    pub(crate) parent: Option<Arc<ParentEvent>>,
    /// The values that the emitter gave along.
    pub(crate) values: Option<Arc<Values>>,
    /// Tells the emitter of the root when all that the root caused has ended.
    pub(crate) tracker: Option<Tracker>,
    /// The call that emitted the event, if it is known.
    pub(crate) emitted_at: Option<&'static Location<'static>>,
    /// The handler that returned the event, if the dispatcher is observed.
    pub(crate) returned_by: Option<Box<HandlerInfo>>,
    /// The span of the delivery that caused the event.
    pub(crate) within: Trace,
    /// The emission's own span, once it has started.
    pub(crate) trace: Trace,
}

/// The lineage of an event that code outside of handlers emits. It is a static, since a constant with a
/// `Drop` would be made anew at each use.
pub(crate) static ROOT_LINEAGE: Lineage = Lineage::at(0);

impl Lineage {
    /// Makes the lineage of a root at this depth.
    pub(crate) const fn at(depth: u32) -> Self {
        Self {
            depth,
            replays: false,
            outlives: false,
            meta: None,
            own: OnceLock::new(),
            parent: None,
            values: None,
            tracker: None,
            emitted_at: None,
            returned_by: None,
            within: Trace::NONE,
            trace: Trace::NONE,
        }
    }

    /// Makes the lineage of a root that is emitted on this thread.
    pub(crate) fn here(inner: &DispatcherState) -> Self {
        Self {
            replays: scope::is_replaying(inner.id()),
            parent: nesting::cause().map(ParentEvent::known),
            tracker: scope::tracker(),
            ..Self::at(nesting::next())
        }
    }

    /// Makes the lineage of an event that a delivery of this one causes.
    pub(crate) fn caused(&self, parent: Arc<ParentEvent>, within: Trace) -> Self {
        Self {
            replays: self.replays,
            parent: Some(parent),
            values: self.values.clone(),
            // A root without a lineage of its own may run inside of a session.
            tracker: self.tracker.clone().or_else(scope::tracker),
            within,
            ..Self::at(self.depth + 1)
        }
    }

    /// Marks the event as one that outlives its emission: all code that asks for its identity gets the
    /// same one.
    pub(crate) fn outliving(self) -> Self {
        Self {
            outlives: true,
            ..self
        }
    }

    /// Returns the event as the parent of those that it causes, if it outlives its emission.
    pub(crate) fn own(&self) -> Option<&Arc<ParentEvent>> {
        self.outlives
            .then(|| self.own.get_or_init(|| self.as_parent(None)))
    }

    /// Makes the event the parent of those that it causes, with its identity if that is known.
    pub(crate) fn as_parent(&self, known: Option<&Meta>) -> Arc<ParentEvent> {
        match self.meta.as_ref().or(known) {
            Some(meta) => ParentEvent::known(meta.parent()),
            None => ParentEvent::caused_by(self.parent.as_ref()),
        }
    }

    /// Whether an event with this lineage is in the journal that is replayed, and so is not emitted. An
    /// event that is not `wire` is in no journal.
    pub(crate) fn discards(&self, event: &EventInfo) -> bool {
        self.replays && event.is_wire()
    }

    /// Returns the scope that handlers of the event run in.
    pub(crate) fn scope(&self) -> NestingScope {
        NestingScope {
            depth: self.depth,
            replays: self.replays,
            tracker: self.tracker.clone(),
        }
    }
}
