//! An event that came from outside, with who and when it is.

use std::fmt;
use std::sync::Arc;

use crate::dispatcher::{Arrived, ArrivedEvent};
use crate::event::AnyEvent;
use crate::meta::Meta;

/// An event that was [decoded](super::Codec::decode), with its identity, time and descent.
///
/// [`Dispatcher::deliver`](crate::Dispatcher::deliver) hands it to its handlers, as often as one
/// likes: the event is shared, and clones of the envelope share it, too.
#[derive(Clone)]
pub struct Envelope {
    pub(super) event: Decoded,
    pub(super) meta: Meta,
    pub(super) name: Box<str>,
    pub(super) version: u32,
    pub(super) source: Box<str>,
}

/// An event of the newest version of its type.
#[derive(Clone)]
pub(crate) struct Decoded(Arc<dyn ArrivedEvent>);

impl Decoded {
    pub(crate) fn new<E: crate::Event>(event: Arc<E>) -> Self {
        Self(Arc::new(Arrived(event)))
    }
}

impl Envelope {
    /// The event, of the newest version of its type.
    #[must_use]
    pub fn event(&self) -> &dyn AnyEvent {
        self.event.0.as_any_event()
    }

    /// The event's identity, time and descent, as they were written.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The name it was written under, which may be one that the type has no more.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version it was written in, which may be older than that of [`event`](Self::event).
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Who wrote it: the CloudEvents `source`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn arrived(&self) -> &Arc<dyn ArrivedEvent> {
        &self.event.0
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("event", &self.event())
            .field("meta", &self.meta)
            .field("name", &self.name)
            .field("version", &self.version)
            .field("source", &self.source)
            .finish()
    }
}
