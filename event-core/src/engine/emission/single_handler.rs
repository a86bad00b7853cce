//! The handler of one delivery, for failures and observers.

use std::any::Any;
use std::sync::Arc;

use crate::engine::emission::HandlerLookup;
use crate::engine::emission::deferred_event::{ErasedDeferredEvent, HandlerRef};
use crate::engine::state::DispatcherState;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::retry::RetryPolicy;

/// The one handler of a delivery that does not run inline.
pub(crate) struct SingleHandler<'a> {
    pub(crate) inner: &'a Arc<DispatcherState>,
    pub(crate) event: &'a dyn ErasedDeferredEvent,
    pub(crate) target: &'a HandlerRef,
    pub(crate) attempt: u32,
    /// The policy of the handler, if the delivery may be tried again.
    pub(crate) retry: Option<&'a RetryPolicy>,
}

impl HandlerLookup for SingleHandler<'_> {
    fn event(&self) -> &'static EventInfo {
        self.event.info()
    }

    fn handler(&self, _: usize) -> HandlerInfo {
        self.event.handler(self.inner, self.target)
    }

    fn as_event<'a>(&self, event: &'a dyn Any) -> &'a dyn AnyEvent {
        self.event.entry(self.inner).as_event(event)
    }

    fn attempt(&self) -> u32 {
        self.attempt
    }

    fn retry(&self, _: usize) -> Option<&RetryPolicy> {
        self.retry
    }
}
