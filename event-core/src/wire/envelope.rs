//! An event from outside, with its meta.

use std::fmt;
use std::sync::Arc;

use crate::engine::arrival::Arrival;
use crate::engine::emission::erased::ArrivedEvent;
use crate::event::any::AnyEvent;
use crate::meta::Meta;
use crate::meta::route::Route;

/// An event that was [decoded](crate::wire::codec::Codec::decode), with its identity, time and causes.
///
/// [`Dispatcher::emit`](crate::Dispatcher::emit) hands it to its handlers, any number of times: the event
/// is shared, and clones of the envelope share it, too.
#[derive(Clone)]
pub struct Envelope {
    pub(crate) event: Arc<dyn ArrivedEvent>,
    pub(crate) meta: Meta,
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    /// The source of the codec that read it.
    pub(crate) own_source: Arc<str>,
    pub(crate) allows_echoes: bool,
}

impl Envelope {
    /// Returns the event, of the newest version of its type.
    #[must_use]
    pub fn event(&self) -> &dyn AnyEvent {
        self.event.as_any_event()
    }

    /// Returns the event's identity, time and causes, as they were written.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Returns the name that it was written under, which may be an old name of the type.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// Returns the version that it was written in: older than that of [`event`](Self::event) if it was
    /// upcast, and newer if it was read as that one, since the event says `reads_newer`.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Returns the CloudEvents `source` that wrote it.
    #[must_use]
    pub fn source(&self) -> &str {
        self.meta.source().unwrap_or_default()
    }

    /// Whether the event has been here before: the codec's own source has forwarded it, or wrote it, and
    /// then another program forwarded it to here. An event that handlers elsewhere caused in reaction is
    /// another event, and no echo.
    ///
    /// [`Dispatcher::emit`](crate::Dispatcher::emit) refuses an echo unless the codec
    /// [allows](crate::wire::codec::Codec::allow_echoes) them.
    #[must_use]
    pub fn is_echo(&self) -> bool {
        self.meta.route().is_some_and(Route::is_echo)
    }

    /// Returns the codec's own source, if the event is an echo that must not be delivered.
    pub(crate) fn refused_echo(&self) -> Option<&Arc<str>> {
        (self.is_echo() && !self.allows_echoes).then_some(&self.own_source)
    }

    /// Returns the event's `Meta` as handlers see it.
    pub(crate) fn delivered_meta(&self) -> Meta {
        let meta = self.meta.clone();
        if self.is_echo() {
            meta.one_deeper()
        } else {
            meta
        }
    }

    /// Returns the event's `Meta` as it was here, if the envelope is from a journal that this source
    /// wrote: an event that was emitted here did not come from outside, and one that was delivered has
    /// not been forwarded.
    pub(crate) fn recorded_meta(&self) -> Meta {
        let meta = self.meta.clone();
        let Some(route) = meta.route() else {
            return meta;
        };
        if route.is_straight_from(&self.own_source) {
            return meta.with_route(None);
        }
        match route.before(&self.own_source) {
            Some(before) => meta.with_route(Some(before)),
            None => meta,
        }
    }

    /// Returns how the event comes in: as an event that happens now, or, in a replay, as it is in the
    /// journal.
    pub(crate) fn arrival(&self, replays: bool) -> Arrival {
        if replays {
            return Arrival {
                meta: self.recorded_meta(),
                refused_echo: None,
                returned_by: None,
            };
        }
        Arrival {
            meta: self.delivered_meta(),
            refused_echo: self.refused_echo().cloned(),
            returned_by: None,
        }
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
            .finish_non_exhaustive()
    }
}
