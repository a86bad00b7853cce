//! One event for one handler, as the handler's parameters see it.

use std::fmt;

use crate::engine::emission::Emission;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;

/// The delivery that a [`Param`](crate::param::Param) is made for: one event for one handler.
pub struct Delivery<'d> {
    emission: &'d Emission<'d>,
}

impl<'d> Delivery<'d> {
    #[inline]
    pub(crate) fn new(emission: &'d Emission<'d>) -> Self {
        Self { emission }
    }

    pub(crate) fn emission(&self) -> &'d Emission<'d> {
        self.emission
    }

    /// Lets the error that the handler returned end the delivery, whatever attempts are left.
    #[cold]
    pub(crate) fn refuse_retry(&self) {
        self.emission.state_mut().progress.is_permanent = true;
    }

    /// Returns what is known about the event's type.
    #[must_use]
    pub fn event(&self) -> &'static EventInfo {
        self.emission.event()
    }

    /// Returns the handler.
    #[must_use]
    pub fn handler(&self) -> HandlerInfo {
        self.emission.handler()
    }

    /// Returns how many causes lie between the event and the root that code outside of handlers emitted;
    /// 0 for that root.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.emission.lineage().depth
    }
}

impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("event", &self.event().name())
            .field("handler", &self.handler())
            .field("depth", &self.depth())
            .finish()
    }
}
