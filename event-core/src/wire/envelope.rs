//! An event that came from outside, with who and when it is.

use std::fmt;
use std::sync::Arc;

use crate::dispatcher::ArrivedEvent;
use crate::event::AnyEvent;
use crate::meta::Meta;

/// An event that was [decoded](super::Codec::decode), with its identity, time and descent.
///
/// [`Dispatcher::deliver`](crate::Dispatcher::deliver) hands it to its handlers, as often as one
/// likes: the event is shared, and clones of the envelope share it, too.
#[derive(Clone)]
pub struct Envelope {
    pub(super) event: Arc<dyn ArrivedEvent>,
    pub(super) meta: Meta,
    pub(super) name: &'static str,
    pub(super) version: u32,
    pub(super) source: Box<str>,
}

impl Envelope {
    /// The event, of the newest version of its type.
    #[must_use]
    pub fn event(&self) -> &dyn AnyEvent {
        self.event.as_any_event()
    }

    /// The event's identity, time and descent, as they were written.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The name it was written under, which may be one that the type has no more.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// The version it was written in: older than that of [`event`](Self::event) if it was upcast, and
    /// newer if it was read as that one, since the event says `reads_newer`.
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
        &self.event
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
