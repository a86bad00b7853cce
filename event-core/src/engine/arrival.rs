//! Emits events that come in from outside, with an identity of their own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::engine::discard;
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::erased::ArrivedEvent;
use crate::engine::emission::lineage::Lineage;
use crate::engine::emission::options::RootOptions;
use crate::engine::emit;
use crate::engine::emit_async;
use crate::engine::state::DispatcherState;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::meta::Meta;
use crate::report::Report;
use crate::report::failure::{Cause, Failure};

/// How an event came in from outside.
pub(crate) struct Arrival {
    pub(crate) meta: Meta,
    /// The source whose route the event has already passed, if it is refused because of that.
    pub(crate) refused_echo: Option<Arc<str>>,
    /// The handler that returned it, if that is known.
    pub(crate) returned_by: Option<Box<HandlerInfo>>,
}

impl dyn ArrivedEvent {
    pub(crate) fn as_any_event(&self) -> &dyn AnyEvent {
        self
    }

    pub(crate) fn info(&self) -> &'static EventInfo {
        self.as_any_event().info()
    }

    /// Emits the event to its handlers.
    pub(crate) fn deliver(
        self: Arc<Self>,
        inner: &Arc<DispatcherState>,
        arrival: Arrival,
        options: &RootOptions,
        wait_policy: WaitPolicy,
    ) -> Report {
        let mut cascade = options.cascade(wait_policy);
        let Some(lineage) = enter(inner, self.as_any_event(), arrival, options, &mut cascade)
        else {
            return cascade.into_report();
        };
        let (panic, refused) = lineage.scope().enter(inner.id(), || {
            let entry = inner.find(self.kind())?;
            if entry.shares_event() {
                let info = self.info();
                let share = |with| Arc::clone(&self).share(with);
                let shared =
                    emit::deliver_shared(inner, &entry, info, share, &mut cascade, lineage);
                discard::discard_as(info, shared)
            } else {
                emit::deliver(inner, &entry, &*self, &mut cascade, lineage);
                None
            }
        });
        emit::finish(inner, cascade, panic, refused)
    }

    /// Emits the event to its handlers, and runs its async handlers.
    pub(crate) fn deliver_async(
        self: Arc<Self>,
        inner: Arc<DispatcherState>,
        arrival: Arrival,
        options: RootOptions,
    ) -> Pin<Box<dyn Future<Output = Report> + Send>> {
        Box::pin(emit_async::deliver_async(inner, self, arrival, options))
    }
}

/// Returns the event's lineage if it is emitted; otherwise notes in the root why it is not.
pub(crate) fn enter(
    inner: &DispatcherState,
    event: &dyn AnyEvent,
    arrival: Arrival,
    options: &RootOptions,
    cascade: &mut Cascade,
) -> Option<Lineage> {
    let Arrival {
        meta,
        refused_echo,
        returned_by,
    } = arrival;
    let mut lineage = match emit::begin(inner, event.info(), options) {
        Ok(lineage) => lineage,
        Err(why) => {
            cascade.not_emitted(inner, event, Some(meta), &why);
            return None;
        }
    };
    // The event may be delivered inside of a handler that is deeper than the meta says.
    lineage.depth = lineage.depth.max(meta.depth());
    lineage.meta = Some(meta);
    lineage.returned_by = returned_by;
    let limit = inner.limits.depth;
    let cause = match refused_echo {
        Some(source) => Some(Cause::Echo { source }),
        None => (lineage.depth > limit).then_some(Cause::TooDeep { limit }),
    };
    if let Some(cause) = cause {
        let state = cascade.state_mut();
        state.details.events = 0;
        state.details.not_emitted += 1;
        let failure = Failure::new(event.info(), None, cause);
        let snapshot = inner.snapshot(event, &lineage);
        state.fail(inner, failure.of(snapshot, lineage.scope()));
        return None;
    }
    Some(lineage)
}
