//! Replaces spans if the feature `tracing` is off.

use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::meta::Meta;
use crate::meta::trace_parent::TraceParent;
use crate::report::status::DeliveryStatus;

#[derive(Default)]
pub(crate) struct Spans(());

#[allow(
    clippy::unused_self,
    reason = "in the place of a real one, whose methods these are"
)]
impl Spans {
    pub(crate) fn are_on(&self) -> bool {
        false
    }

    pub(crate) fn emission(
        &self,
        _: &'static EventInfo,
        within: &Trace,
        _: Option<TraceParent>,
        _: &mut Meta,
    ) -> Trace {
        within.clone()
    }
}

#[derive(Clone, Default)]
pub(crate) struct Trace(());

#[allow(
    clippy::unused_self,
    reason = "in the place of a real one, whose methods these are"
)]
impl Trace {
    pub(crate) const NONE: Self = Self(());

    #[cfg(feature = "tokio")]
    pub(crate) fn of_emitter(_makes_spans: bool) -> Self {
        Self(())
    }

    pub(crate) fn delivery(&self, _: &'static EventInfo, _: &Meta, _: HandlerInfo) -> Self {
        Self(())
    }

    pub(crate) fn is_some(&self) -> bool {
        false
    }

    pub(crate) fn ended(&self, _: DeliveryStatus, _is_failure: bool) {}

    pub(crate) fn run<R>(&self, code: impl FnOnce() -> R) -> R {
        code()
    }
}
