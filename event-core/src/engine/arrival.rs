//! Events that come from outside, with an identity of their own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::lineage::Lineage;
use crate::engine::emit;
use crate::engine::emit_async;
use crate::engine::state::DispatcherState;
use crate::event::Event;
use crate::event::any::AnyEvent;
use crate::meta::Meta;
use crate::report::Report;
use crate::report::failure::{Cause, Failure};

/// How an event came from outside.
pub(crate) struct Arrival {
    pub(crate) meta: Meta,
    /// It came out of a record, which also has what its handlers cause.
    pub(crate) replays: bool,
    /// The source under which it has been here before, if that keeps it out.
    pub(crate) refused_echo: Option<Arc<str>>,
}

/// An event that came from outside, whatever its type.
pub(crate) trait ArrivedEvent: Send + Sync {
    fn as_any_event(&self) -> &dyn AnyEvent;
    fn deliver(
        self: Arc<Self>,
        inner: &Arc<DispatcherState>,
        arrival: Arrival,
        wait_policy: WaitPolicy,
    ) -> Report;
    fn deliver_async(
        self: Arc<Self>,
        inner: Arc<DispatcherState>,
        arrival: Arrival,
    ) -> Pin<Box<dyn Future<Output = Report> + Send>>;
}

impl<E: Event> ArrivedEvent for E {
    fn as_any_event(&self) -> &dyn AnyEvent {
        self
    }

    fn deliver(
        self: Arc<Self>,
        inner: &Arc<DispatcherState>,
        arrival: Arrival,
        wait_policy: WaitPolicy,
    ) -> Report {
        deliver(inner, &self, arrival, wait_policy)
    }

    fn deliver_async(
        self: Arc<Self>,
        inner: Arc<DispatcherState>,
        arrival: Arrival,
    ) -> Pin<Box<dyn Future<Output = Report> + Send>> {
        Box::pin(emit_async::deliver_async(inner, self, arrival))
    }
}

pub(crate) fn deliver<E: Event>(
    inner: &Arc<DispatcherState>,
    event: &Arc<E>,
    arrival: Arrival,
    wait_policy: WaitPolicy,
) -> Report {
    let mut root = Cascade::with(wait_policy);
    let Some(origin) = enter(inner, &**event, arrival, &mut root) else {
        return root.into_report();
    };
    let (panic, refused) = origin.stand().enter(inner.id(), || {
        let found = inner.find::<E>()?;
        if found.roster::<E>().has_later() {
            let held = Arc::clone(event);
            let shared = emit::deliver_held(inner, &found, held, &mut root, origin);
            emit::discard_as(E::INFO, shared)
        } else {
            emit::deliver(inner, &found, &**event, &mut root, origin);
            None
        }
    });
    emit::finish(inner, root, panic, refused)
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
    let limit = inner.limits.depth;
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
