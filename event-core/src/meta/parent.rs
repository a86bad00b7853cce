//! The event that caused another one.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use uuid::Uuid;

use crate::meta::source::MetaSource;
use crate::meta::trace_parent::TraceParent;

/// An event as what it causes knows it. Its identity is made when somebody asks for it, or for that of
/// what it caused.
///
/// It knows its root and not its own parent, so that a long line of descent is not kept in memory.
pub(crate) struct ParentEvent {
    made: OnceLock<(Uuid, SystemTime)>,
    root: RootEvent,
    traceparent: Option<TraceParent>,
}

/// The root that an event descends from.
#[derive(Clone)]
enum RootEvent {
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

impl ParentEvent {
    /// An event with an identity.
    pub(crate) fn known(identity: Identity) -> Arc<Self> {
        Arc::new(Self {
            made: (identity.id, identity.time).into(),
            root: if identity.correlation == identity.id {
                RootEvent::Itself
            } else {
                RootEvent::Known(identity.correlation)
            },
            traceparent: identity.traceparent,
        })
    }

    /// An event without an identity yet, caused by `parent`.
    pub(crate) fn caused_by(parent: Option<&Arc<Self>>) -> Arc<Self> {
        Arc::new(Self {
            made: OnceLock::new(),
            root: parent.map_or(RootEvent::Itself, |parent| match &parent.root {
                RootEvent::Itself => RootEvent::Other(Arc::clone(parent)),
                known => known.clone(),
            }),
            traceparent: parent.and_then(|parent| parent.traceparent),
        })
    }

    /// The id, and when it was made.
    pub(crate) fn made(&self, meta_source: &MetaSource) -> (Uuid, SystemTime) {
        if let Some(made) = self.made.get() {
            return *made;
        }
        // Not inside of the lock: the clock is the user's.
        let made = meta_source.make();
        *self.made.get_or_init(|| made)
    }

    /// The identity, which is made if nobody asked for it before.
    pub(crate) fn identity(&self, meta_source: &MetaSource) -> Identity {
        // The root first, so that ids grow with the descent.
        let root = match &self.root {
            RootEvent::Itself => None,
            RootEvent::Known(id) => Some(*id),
            RootEvent::Other(root) => Some(root.made(meta_source).0),
        };
        let (id, time) = self.made(meta_source);
        Identity {
            id,
            time,
            correlation: root.unwrap_or(id),
            traceparent: self.traceparent,
        }
    }
}
