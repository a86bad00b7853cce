//! Spans on `tracing`. Subscribers and propagators are the user's, so they are isolated.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use tracing::field::Empty;
use tracing::{Dispatch, Id, Span, dispatcher, info_span};

use super::Propagator;
#[cfg(feature = "tokio")]
use crate::dispatcher::inner::Inner;
use crate::dispatcher::origin::Origin;
use crate::event::EventInfo;
use crate::handler::HandlerInfo;
use crate::meta::Meta;
use crate::report::Ended;
use crate::{isolate, log};

/// Whether a dispatcher makes spans, and how their traces go on elsewhere.
#[derive(Default)]
pub(crate) enum Spans {
    #[default]
    Off,
    On(Option<Box<dyn Propagator>>),
}

impl Spans {
    pub(crate) fn are_on(&self) -> bool {
        matches!(self, Self::On(_))
    }

    /// Opens the span of an emission, and writes its position into `meta`.
    pub(crate) fn emission(
        &self,
        event: &'static EventInfo,
        origin: &Origin,
        meta: &mut Meta,
    ) -> Trace {
        let Self::On(propagator) = self else {
            return Trace::NONE;
        };
        let propagator = propagator.as_deref();
        // One that was delivered has its identity already.
        let remote = origin.stamp.as_ref().and_then(Meta::traceparent);
        let remote = propagator.zip(remote);
        let opened = isolate::run(|| match (origin.within.span(), &remote) {
            (Some(delivery), _) => under(delivery, || emission(event, meta, delivery.id())),
            (None, Some((propagator, parent))) => {
                let span = emission(event, meta, None);
                let _ = isolate::run(|| propagator.continue_from(&span, parent));
                span
            }
            (None, None) => emission(event, meta, Span::current().id()),
        });
        let trace = Trace::of(opened);
        if let (Some(propagator), Some(span)) = (propagator, trace.span())
            && let Ok(Some(position)) = isolate::run(|| propagator.traceparent(span))
        {
            meta.set_traceparent(position);
        }
        trace
    }
}

fn emission(event: &'static EventInfo, meta: &Meta, parent: Option<Id>) -> Span {
    info_span!(
        target: "event_core",
        parent: parent,
        "emit",
        otel.name = format!("emit {}", event.name()),
        otel.kind = "producer",
        messaging.system = "event-core",
        messaging.operation.name = "emit",
        "messaging.operation.type" = "create",
        messaging.destination.name = event.name(),
        messaging.message.id = %meta.id(),
        messaging.message.conversation_id = %meta.correlation(),
    )
}

fn delivery(
    event: &'static EventInfo,
    meta: &Meta,
    handler: HandlerInfo,
    parent: Option<Id>,
) -> Span {
    info_span!(
        target: "event_core",
        parent: parent,
        "handle",
        otel.name = format!("handle {}", event.name()),
        otel.kind = "consumer",
        otel.status_code = Empty,
        messaging.system = "event-core",
        messaging.operation.name = "handle",
        "messaging.operation.type" = "process",
        messaging.destination.name = event.name(),
        messaging.destination.subscription.name = handler.name(),
        messaging.message.id = %meta.id(),
        messaging.message.conversation_id = %meta.correlation(),
        code.function.name = handler.name(),
        code.file.path = handler.file(),
        code.line.number = handler.line(),
        event_core.ended = Empty,
        "error.type" = Empty,
    )
}

/// The span of an emission or of a delivery; none, unless the dispatcher makes spans and somebody
/// listens to them.
#[derive(Clone, Default)]
pub(crate) struct Trace(Option<Arc<Span>>);

impl Trace {
    pub(crate) const NONE: Self = Self(None);

    fn of(opened: Result<Span, Box<str>>) -> Self {
        let span = opened.ok().filter(|span| !span.is_disabled());
        Self(span.map(Arc::new))
    }

    fn span(&self) -> Option<&Span> {
        self.0.as_deref()
    }

    /// The span that the emitter is in, for what it emits elsewhere.
    #[cfg(feature = "tokio")]
    pub(crate) fn of_emitter(inner: &Inner) -> Self {
        if inner.makes_spans() {
            Self::of(isolate::run(Span::current))
        } else {
            Self::NONE
        }
    }

    /// Opens the span of a delivery; this is that of its emission.
    pub(crate) fn delivery(
        &self,
        event: &'static EventInfo,
        meta: &Meta,
        handler: HandlerInfo,
    ) -> Self {
        let Some(emission) = self.span() else {
            return Self::NONE;
        };
        let open = || delivery(event, meta, handler, emission.id());
        Self::of(isolate::run(|| under(emission, open)))
    }

    pub(crate) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Says how the delivery ended.
    pub(crate) fn ended(&self, ended: Ended, is_failure: bool) {
        let Some(span) = self.span() else {
            return;
        };
        let _ = isolate::run(|| {
            span.record("event_core.ended", ended.as_str());
            if is_failure {
                span.record("otel.status_code", "ERROR");
                span.record("error.type", ended.as_str());
            }
        });
    }

    /// Runs code of the user's inside of the span. A panic leaves the span before it goes on.
    pub(crate) fn run<R>(&self, code: impl FnOnce() -> R) -> R {
        let Some(span) = self.span() else {
            return code();
        };
        // Not with the span's own guard: where entering panics there is none, and one layer's panic
        // leaves the span entered in those before it.
        tell(span, Dispatch::enter);
        let ran = catch_unwind(AssertUnwindSafe(code));
        tell(span, Dispatch::exit);
        ran.unwrap_or_else(|payload| resume_unwind(payload))
    }
}

impl Drop for Trace {
    /// The last holder closes the span, which the subscriber hears of.
    fn drop(&mut self) {
        let Some(span) = self.0.take().and_then(Arc::into_inner) else {
            return;
        };
        // A registry lets go of the span above through the thread's subscriber, which may be another.
        let subscriber = span.with_subscriber(|(_, subscriber)| subscriber.clone());
        if let Err(panic) = isolate::run(|| with(subscriber.as_ref(), || drop(span))) {
            log::drop_panicked(&panic);
        }
    }
}

/// Tells the subscriber of a span.
fn tell(span: &Span, what: fn(&Dispatch, &Id)) {
    let _ = isolate::run(|| span.with_subscriber(|(id, subscriber)| what(subscriber, id)));
}

/// Makes a span with the subscriber of the one it will be below: this thread may have another, which
/// does not know that one.
fn under(parent: &Span, make: impl FnOnce() -> Span) -> Span {
    let subscriber = parent.with_subscriber(|(_, subscriber)| subscriber.clone());
    with(subscriber.as_ref(), make)
}

/// Runs code with a subscriber as the thread's.
fn with<R>(subscriber: Option<&Dispatch>, run: impl FnOnce() -> R) -> R {
    match subscriber {
        Some(subscriber) => dispatcher::with_default(subscriber, run),
        None => run(),
    }
}
