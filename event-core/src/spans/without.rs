//! No spans, in the place of real ones.

use crate::engine::emission::lineage::Lineage;
#[cfg(feature = "tokio")]
use crate::engine::state::DispatcherState;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::meta::Meta;
use crate::report::status::Ended;

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

    pub(crate) fn emission(&self, _: &'static EventInfo, origin: &Lineage, _: &mut Meta) -> Trace {
        origin.within.clone()
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
    pub(crate) fn of_emitter(_: &DispatcherState) -> Self {
        Self(())
    }

    pub(crate) fn delivery(&self, _: &'static EventInfo, _: &Meta, _: HandlerInfo) -> Self {
        Self(())
    }

    pub(crate) fn is_some(&self) -> bool {
        false
    }

    pub(crate) fn ended(&self, _: Ended, _is_failure: bool) {}

    pub(crate) fn write(&self, _: &Self, write: impl FnOnce()) {
        write();
    }

    pub(crate) fn run<R>(&self, code: impl FnOnce() -> R) -> R {
        code()
    }
}
