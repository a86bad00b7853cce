//! What an emission comes from.

use std::sync::Arc;

use uuid::Uuid;

use super::replaying::Stand;
use crate::context::Values;
use crate::event::EventInfo;
use crate::meta::{Meta, TraceParent};
use crate::spans::Trace;

/// What an emission comes from, and what it carries on.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) depth: u32,
    /// The event is replayed, or a handler of one that is caused it.
    pub(crate) replays: bool,
    /// The emission's own identity, if it was stamped when it began. Else the first who asks makes
    /// it, which only inline handlers can.
    pub(crate) stamp: Option<Meta>,
    /// The event that caused this one, if the dispatcher stamps.
    pub(crate) parent: Option<Parent>,
    /// What the emitter gave along.
    pub(crate) values: Option<Arc<Values>>,
    /// The span of the delivery that caused it.
    pub(crate) within: Trace,
    /// The emission's own span, once it has begun.
    pub(crate) trace: Trace,
}

/// The event that caused another.
#[derive(Clone, Copy)]
pub(crate) struct Parent {
    pub(crate) id: Uuid,
    pub(crate) correlation: Uuid,
    pub(crate) traceparent: Option<TraceParent>,
}

/// Of an event that code outside of handlers emits. A static, since what has a `Drop` would be made
/// anew at each mention.
pub(crate) static ROOT: Origin = Origin::at(0);

impl Origin {
    /// Of a root inside of so many emissions on this thread.
    pub(crate) const fn at(depth: u32) -> Self {
        Self {
            depth,
            replays: false,
            stamp: None,
            parent: None,
            values: None,
            within: Trace::NONE,
            trace: Trace::NONE,
        }
    }

    /// Of an event that a delivery of this one causes.
    pub(crate) fn caused(&self, parent: Option<Parent>, within: Trace) -> Self {
        Self {
            depth: self.depth + 1,
            replays: self.replays,
            stamp: None,
            parent,
            values: self.values.clone(),
            within,
            trace: Trace::NONE,
        }
    }

    /// Whether an event that comes from here is in the record that is replayed, and so is not
    /// emitted. One that is not `wire` is in none.
    pub(crate) fn discards(&self, event: &EventInfo) -> bool {
        self.replays && event.is_wire()
    }

    /// Where handlers of the event run.
    pub(crate) fn stand(&self) -> Stand {
        Stand {
            depth: self.depth,
            replays: self.replays,
        }
    }
}
