//! The event that caused another one.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use uuid::Uuid;

use crate::meta::source::MetaSource;
use crate::meta::trace_parent::TraceParent;

/// An event as the parent of those that it causes. Its identity is made on first use, for itself or for a
/// caused event.
///
/// It keeps its root and not its own parent, so that a long chain of causes is not kept in memory.
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

/// The part of an event's identity that the caused events inherit.
#[derive(Clone, Copy)]
pub(crate) struct Identity {
    pub(crate) id: Uuid,
    pub(crate) time: SystemTime,
    pub(crate) correlation: Uuid,
    pub(crate) traceparent: Option<TraceParent>,
}

impl ParentEvent {
    /// Makes an event with an identity.
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

    /// Makes an event without an identity yet, caused by `parent`.
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

    /// Returns the id, and when it was made.
    pub(crate) fn made(&self, meta_source: &MetaSource) -> (Uuid, SystemTime) {
        if let Some(made) = self.made.get() {
            return *made;
        }
        // Outside of the lock, since the clock is the user's code.
        let made = meta_source.make();
        *self.made.get_or_init(|| made)
    }

    /// Returns the identity, which is made on first use.
    pub(crate) fn identity(&self, meta_source: &MetaSource) -> Identity {
        // The root's id is made first, so that ids grow from cause to effect.
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
