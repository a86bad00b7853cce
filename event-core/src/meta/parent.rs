//! TODO

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use uuid::Uuid;

use crate::meta::trace_parent::TraceParent;

/// An event as what it causes knows it. Its identity is made when somebody asks for it, or for that of
/// what it caused.
///
/// It knows its root and not its own parent, so that a long line of descent is not kept in memory.
pub(crate) struct ParentEvent {
    pub(crate) made: OnceLock<(Uuid, SystemTime)>,
    pub(crate) root: RootEvent,
    pub(crate) traceparent: Option<TraceParent>,
}

/// The root that an event descends from.
#[derive(Clone)]
pub(crate) enum RootEvent {
    Itself,
    Known(Uuid),
    Other(Arc<ParentEvent>),
}

/// What of an event's identity passes on to what it causes.
#[derive(Clone, Copy)]
pub(crate) struct Identity {
    pub(crate) id: Uuid,
    pub(crate) time: SystemTime,
    pub(crate) correlation: Uuid,
    pub(crate) traceparent: Option<TraceParent>,
}
