//! The end of a call that ends before the next one begins.

use std::any::Any;

use crate::box_error::BoxError;
use crate::engine::emission::Emission;
use crate::engine::emission::erased::ErasedEvent;
use crate::engine::plan::bound::{EffectSink, NotRun};
use crate::event::any::AnyEvent;
use crate::report::failure::Cause;
use crate::report::status::DeliveryStatus;

/// Adds the outcome of a call that ends before the next one begins.
pub(crate) struct Ending<'e> {
    emission: &'e Emission<'e>,
    /// The event, which is only needed if the call failed. Generated code knows the event's type, but not
    /// yet that it is an event.
    event: &'e dyn Any,
}

impl<'e> Ending<'e> {
    #[inline]
    pub(crate) fn new(emission: &'e Emission<'e>, event: &'e dyn Any) -> Self {
        Self { emission, event }
    }

    /// The handler was not called.
    #[cold]
    pub(crate) fn not_run(&self, why: NotRun) {
        self.emission.not_run(self.event(), why);
    }

    fn event(&self) -> &'e dyn AnyEvent {
        self.emission.lookup.as_event(self.event)
    }
}

impl EffectSink for Ending<'_> {
    fn cause(&self, event: Box<dyn ErasedEvent>) {
        self.emission.cause(event);
    }

    #[cold]
    fn fail(&self, error: BoxError) {
        let (event, cause) = (self.event(), Cause::Error(error));
        self.emission.failed(event, DeliveryStatus::Failed, cause);
    }

    #[cold]
    fn stop(&self) {
        self.emission.stop();
    }
}
