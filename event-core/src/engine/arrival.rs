//! Events that come from outside, with an identity of their own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::engine::deferred::event::{DeferredEvent, ErasedDeferredEvent};
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::erased::{InlineEvent, Sharing};
use crate::engine::emission::lineage::Lineage;
use crate::engine::emit;
use crate::engine::emit_async;
use crate::engine::state::DispatcherState;
use crate::event::Event;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::meta::Meta;
use crate::report::Report;
use crate::report::failure::{Cause, Failure};
use crate::wire::envelope::Envelope;

/// How an event came from outside.
pub(crate) struct Arrival {
    pub(crate) meta: Meta,
    /// It came out of a record, which also has what its handlers cause.
    pub(crate) replays: bool,
    /// The source under which it has been here before, if that keeps it out.
    pub(crate) refused_echo: Option<Arc<str>>,
}

impl Arrival {
    /// Of an event that happens now, as far as this dispatcher is concerned.
    pub(crate) fn new(envelope: &Envelope) -> Self {
        Self {
            meta: envelope.delivered_meta(),
            replays: false,
            refused_echo: envelope.refused_echo().cloned(),
        }
    }
}

/// An event that came from outside, whatever its type.
pub(crate) trait ArrivedEvent: InlineEvent {
    /// Keeps the event for the deliveries that run later.
    fn share(self: Arc<Self>, with: Sharing) -> Arc<dyn ErasedDeferredEvent>;
}

impl<E: Event> ArrivedEvent for E {
    fn share(self: Arc<Self>, with: Sharing) -> Arc<dyn ErasedDeferredEvent> {
        Arc::new(DeferredEvent::held(self, with))
    }
}

impl dyn ArrivedEvent {
    pub(crate) fn as_any_event(&self) -> &dyn AnyEvent {
        self
    }

    pub(crate) fn info(&self) -> &'static EventInfo {
        self.as_any_event().info()
    }

    /// Hands the event to its handlers.
    pub(crate) fn deliver(
        self: Arc<Self>,
        inner: &Arc<DispatcherState>,
        arrival: Arrival,
        wait_policy: WaitPolicy,
    ) -> Report {
        let mut root = Cascade::with(wait_policy);
        let Some(origin) = enter(inner, self.as_any_event(), arrival, &mut root) else {
            return root.into_report();
        };
        let (panic, refused) = origin.stand().enter(inner, || {
            let found = inner.find(self.kind())?;
            if found.has_later() {
                let info = self.info();
                let share = |with| Arc::clone(&self).share(with);
                let shared = emit::deliver_shared(inner, &found, info, share, &mut root, origin);
                emit::discard_as(info, shared)
            } else {
                emit::deliver(inner, &found, &*self, &mut root, origin);
                None
            }
        });
        emit::finish(inner, root, panic, refused)
    }

    /// The same, and runs its async handlers.
    pub(crate) fn deliver_async(
        self: Arc<Self>,
        inner: Arc<DispatcherState>,
        arrival: Arrival,
    ) -> Pin<Box<dyn Future<Output = Report> + Send>> {
        Box::pin(emit_async::deliver_async(inner, self, arrival))
    }
}

/// Where the event stands, if it is emitted; else the root says why not.
pub(crate) fn enter(
    inner: &DispatcherState,
    event: &dyn AnyEvent,
    arrival: Arrival,
    root: &mut Cascade,
) -> Option<Lineage> {
    let Arrival {
        meta,
        replays,
        refused_echo,
    } = arrival;
    let mut origin = match emit::enter_root(inner, event.info(), None) {
        Ok(origin) => origin,
        Err(why) => {
            root.not_emitted(inner, event, Some(meta), &why);
            return None;
        }
    };
    // It may be delivered inside of a handler, which is deeper than it says.
    origin.depth = origin.depth.max(meta.depth());
    origin.replays |= replays;
    origin.stamp = Some(meta);
    let limit = inner.depth_limit;
    let cause = match refused_echo {
        Some(source) => Some(Cause::Echo { source }),
        None => (origin.depth > limit).then_some(Cause::TooDeep { limit }),
    };
    if let Some(cause) = cause {
        let more = root.more();
        more.details.events = 0;
        more.details.not_emitted += 1;
        let failure = Failure::new(event.info(), None, cause);
        let snapshot = inner.snapshot(event, &origin);
        more.fail(inner, failure.of(snapshot, origin.stand()));
        return None;
    }
    Some(origin)
}
