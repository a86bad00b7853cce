//! Spans with `tracing`. Subscribers and propagators are the user's code, so their panics are caught. An
//! event that they emit while they are told of a span has no spans, or there would be no end of spans.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use tracing::field::Empty;
use tracing::{Dispatch, Id, Span, dispatcher, error_span, info_span};

use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::meta::Meta;
use crate::meta::trace_parent::TraceParent;
use crate::report::status::DeliveryStatus;
use crate::spans::conventions as name;
use crate::spans::propagator::Propagator;
use crate::{log, panics};

/// Whether a dispatcher makes spans, and how their traces continue in other processes.
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

    /// Opens the span of an emission inside of the delivery `within` that caused it, or else as a part of
    /// the trace `remote` of its envelope, and writes its position into `meta`.
    pub(crate) fn emission(
        &self,
        event: &'static EventInfo,
        within: &Trace,
        remote: Option<TraceParent>,
        meta: &mut Meta,
    ) -> Trace {
        let Self::On(propagator) = self else {
            return Trace::NONE;
        };
        if log::is_telling() {
            return Trace::NONE;
        }
        let propagator = propagator.as_deref();
        let remote = propagator.zip(remote);
        let opened = log::tell(|| match (within.span(), &remote) {
            (Some(delivery), _) => with_that_of(delivery, || emission(event, meta, delivery.id())),
            (None, Some((propagator, parent))) => {
                let span = emission(event, meta, None);
                let _ = panics::catch(|| propagator.continue_from(&span, parent));
                span
            }
            (None, None) => emission(event, meta, Span::current().id()),
        });
        let trace = Trace::of(opened);
        if let (Some(propagator), Some(span)) = (propagator, trace.span())
            && let Ok(Some(position)) = log::tell(|| propagator.traceparent(span))
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
        { name::OTEL_NAME } = format!("emit {}", event.name()),
        { name::OTEL_KIND } = "producer",
        { name::SYSTEM } = "event-core",
        { name::OPERATION } = "emit",
        { name::OPERATION_TYPE } = "create",
        { name::DESTINATION } = event.name(),
        { name::MESSAGE_ID } = %meta.id(),
        { name::CONVERSATION_ID } = %meta.correlation(),
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
        { name::OTEL_NAME } = format!("handle {}", event.name()),
        { name::OTEL_KIND } = "consumer",
        { name::OTEL_STATUS } = Empty,
        { name::SYSTEM } = "event-core",
        { name::OPERATION } = "handle",
        { name::OPERATION_TYPE } = "process",
        { name::DESTINATION } = event.name(),
        { name::SUBSCRIPTION } = handler.name(),
        { name::MESSAGE_ID } = %meta.id(),
        { name::CONVERSATION_ID } = %meta.correlation(),
        { name::FUNCTION } = handler.name(),
        { name::FILE } = handler.file(),
        { name::LINE } = handler.line(),
        { name::ENDED } = Empty,
        { name::ERROR_TYPE } = Empty,
    )
}

/// The span of an emission or of a delivery; none, unless the dispatcher makes spans and a subscriber
/// enables them.
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

    /// Returns the span that the emitter is in, for events that it emits elsewhere.
    #[cfg(feature = "tokio")]
    pub(crate) fn of_emitter(makes_spans: bool) -> Self {
        if makes_spans {
            Self::of(log::tell(Span::current))
        } else {
            Self::NONE
        }
    }

    /// Opens the span of a delivery; `self` is the span of its emission.
    pub(crate) fn delivery(
        &self,
        event: &'static EventInfo,
        meta: &Meta,
        handler: HandlerInfo,
    ) -> Self {
        let Some(emission) = self.span().filter(|_| !log::is_telling()) else {
            return Self::NONE;
        };
        let open = || delivery(event, meta, handler, emission.id());
        Self::of(log::tell(|| with_that_of(emission, open)))
    }

    pub(crate) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Sets how the delivery ended.
    pub(crate) fn ended(&self, ended: DeliveryStatus, is_failure: bool) {
        let Some(span) = self.span() else {
            return;
        };
        let _ = log::tell(|| {
            span.record(name::ENDED, ended.as_str());
            if is_failure {
                span.record(name::OTEL_STATUS, "ERROR");
                span.record(name::ERROR_TYPE, ended.as_str());
            }
        });
    }

    /// Writes a line of level ERROR inside of the span, or, if there is none, inside of a span of its own
    /// below that of the emission or that of the emitter, so that none of the user's spans is marked as
    /// failed.
    pub(crate) fn write(&self, emission: &Self, write: impl FnOnce()) {
        if let Some(span) = self.span() {
            with_that_of(span, || {
                if Span::current().id() == span.id() {
                    write();
                } else {
                    self.run(write);
                }
            });
        } else if let Some(span) = emission.span() {
            let open = || error_span!(target: "event_core", parent: span.id(), "failure");
            with_that_of(span, || open().in_scope(write));
        } else {
            log::apart(write);
        }
    }

    /// Runs code of the user's inside of the span. A panic leaves the span before it continues.
    pub(crate) fn run<R>(&self, code: impl FnOnce() -> R) -> R {
        let Some(span) = self.span() else {
            return code();
        };
        // The span's own guard is not used: if entering panics, there is no guard, and a panic of one
        // layer leaves the span entered in the layers before it.
        tell(span, Dispatch::enter);
        let ran = catch_unwind(AssertUnwindSafe(code));
        tell(span, Dispatch::exit);
        ran.unwrap_or_else(|payload| resume_unwind(payload))
    }
}

impl Drop for Trace {
    /// The last holder closes the span, of which the subscriber is told.
    fn drop(&mut self) {
        let Some(span) = self.0.take().and_then(Arc::into_inner) else {
            return;
        };
        // A registry drops the parent span through the thread's subscriber, which may be another one.
        let subscriber = span.with_subscriber(|(_, subscriber)| subscriber.clone());
        if let Err(panic) = log::tell(|| with(subscriber.as_ref(), || drop(span))) {
            log::drop_panicked(&panic);
        }
    }
}

/// Calls the subscriber of a span.
fn tell(span: &Span, what: fn(&Dispatch, &Id)) {
    let _ = log::tell(|| span.with_subscriber(|(id, subscriber)| what(subscriber, id)));
}

/// Makes a span below another, or writes a line in it, with the subscriber of that span: this thread may
/// have another subscriber, which does not know the span.
fn with_that_of<R>(span: &Span, run: impl FnOnce() -> R) -> R {
    let subscriber = span.with_subscriber(|(_, subscriber)| subscriber.clone());
    with(subscriber.as_ref(), run)
}

/// Runs code with a subscriber as that of the thread.
fn with<R>(subscriber: Option<&Dispatch>, run: impl FnOnce() -> R) -> R {
    match subscriber {
        Some(subscriber) => dispatcher::with_default(subscriber, run),
        None => run(),
    }
}
