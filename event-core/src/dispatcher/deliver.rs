//! Events that come from outside, with an identity of their own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::cascade::{Cascade, WaitPolicy};
use super::emit_async::{self, EmitAsync};
use super::inner::DispatcherState;
use super::origin::Lineage;
use super::{Dispatcher, emit};
use crate::event::{AnyEvent, Event};
use crate::meta::Meta;
use crate::report::{Cause, Failure, Report};
use crate::wire::Envelope;

/// How an event came from outside.
pub(crate) struct Arrival {
    pub(super) meta: Meta,
    /// It came out of a record, which also has what its handlers cause.
    pub(super) replays: bool,
    /// The source under which it has been here before, if that keeps it out.
    pub(super) refused_echo: Option<Arc<str>>,
}

impl Arrival {
    /// Of an event that happens now, as far as this dispatcher is concerned.
    fn new(envelope: &Envelope) -> Self {
        Self {
            meta: envelope.delivered_meta(),
            replays: false,
            refused_echo: envelope.refused_echo().cloned(),
        }
    }
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

impl Dispatcher {
    /// Emits an event that came from outside, as [`emit`](Self::emit) does: as a root, and with the
    /// identity, time and descent that it came with. What its handlers cause descends from it.
    ///
    /// An [echo](Envelope::is_echo), which has been here before, is not emitted, unless the codec
    /// [allows](crate::wire::Codec::allow_echoes) it; nor is an event that is deeper than the dispatcher's
    /// [limit](crate::DispatcherBuilder::depth_limit). Both are failures in the report.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::wire::Codec;
    /// use event_core::{Dispatcher, Event, Meta, handler};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Event, Serialize, Deserialize)]
    /// #[event(name = "bell.rung", wire)]
    /// struct BellRung { door: u8 }
    ///
    /// #[handler]
    /// fn open(event: &BellRung, meta: Meta) {
    ///     assert_eq!(event.door, 2);
    ///     assert_eq!(meta.id().to_string(), "018f2f3c-1111-7000-8000-000000000000");
    /// }
    ///
    /// let envelope = Codec::new("/house")?.decode(
    ///     br#"{
    ///         "specversion": "1.0",
    ///         "id": "018f2f3c-1111-7000-8000-000000000000",
    ///         "source": "/doors",
    ///         "type": "bell.rung",
    ///         "data": { "door": 2 }
    ///     }"#,
    /// )?;
    /// let report = Dispatcher::builder().build()?.deliver(&envelope);
    /// assert_eq!(report.done(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[allow(clippy::must_use_candidate, reason = "a report may be ignored")]
    pub fn deliver(&self, envelope: &Envelope) -> Report {
        let arrival = Arrival::new(envelope);
        Arc::clone(envelope.arrived()).deliver(self.inner(), arrival, WaitPolicy::Never)
    }

    /// Emits an event that came from outside as [`deliver`](Self::deliver) does, and also runs its
    /// async handlers and waits for room in queues, as [`emit_async`](Self::emit_async) does.
    ///
    /// # Cancellation
    ///
    /// Dropped midway, what had not ended is cancelled; see [`EmitAsync`].
    pub fn deliver_async(
        &self,
        envelope: &Envelope,
    ) -> EmitAsync<'_, impl Future<Output = Report> + Send + use<>> {
        let inner = Arc::clone(self.inner());
        let arrival = Arrival::new(envelope);
        let future = Arc::clone(envelope.arrived()).deliver_async(inner, arrival);
        EmitAsync::new(self.inner(), envelope.event().info(), future)
    }
}

fn deliver<E: Event>(
    inner: &Arc<DispatcherState>,
    event: &Arc<E>,
    arrival: Arrival,
    wait_policy: WaitPolicy,
) -> Report {
    let mut root = Cascade::with(wait_policy);
    let Some(origin) = enter(inner, &**event, arrival, &mut root) else {
        return root.into_report();
    };
    let (panic, refused) = origin.stand().enter(inner, || {
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
pub(super) fn enter(
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
