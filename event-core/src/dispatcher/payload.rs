//! The values that a dispatcher emits.

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use crate::dispatcher::Dispatcher;
use crate::dispatcher::pending::PendingEvents;
use crate::engine::emission::cascade::WaitPolicy;
use crate::engine::emission::options::RootOptions;
use crate::engine::state::DispatcherState;
use crate::engine::{emit, emit_all, emit_async};
use crate::event::info::EventInfo;
use crate::event::{Emitted, Event};
use crate::report::Report;

/// The argument of [`emit`](crate::Dispatcher::emit), [`emit_async`](crate::Dispatcher::emit_async) and
/// [`emit_blocking`](crate::Dispatcher::emit_blocking): an event, [`PendingEvents`],
/// [`CommittedEvents`](crate::dispatcher::CommittedEvents), or, with the feature `serde`, an `Envelope` or a
/// reference to one. Nothing outside of this crate can implement it.
///
/// Generic code that emits takes `E: Transient`, or `P: Payload`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "add `#[derive(Event)]` above the definition of the type; `emit` takes the event itself, no \
            reference, or `PendingEvents`, or an `&Envelope`"
)]
pub trait Payload: Sized {
    #[doc(hidden)]
    fn info(&self) -> &'static EventInfo;

    /// Emits without options and without waiting, for the call at `at`.
    #[doc(hidden)]
    #[inline]
    fn emit_plain(self, dispatcher: &Dispatcher, at: &'static Location<'static>) -> Report {
        self.emit_with(Request::plain(dispatcher, WaitPolicy::Never, at))
    }

    #[doc(hidden)]
    fn emit_with(self, request: Request<'_>) -> Report;

    #[doc(hidden)]
    fn emit_async(self, request: Request<'_>) -> impl Future<Output = Report> + Send + use<Self>;
}

/// The dispatcher and the options of an emission. Nothing outside of this crate can name it, which seals
/// [`Payload`].
#[allow(missing_debug_implementations, reason = "it cannot be named")]
pub struct Request<'d> {
    pub(crate) state: &'d Arc<DispatcherState>,
    pub(crate) options: RootOptions,
    pub(crate) wait_policy: WaitPolicy,
}

impl<'d> Request<'d> {
    /// Makes the request of a call at `at` that gives no options.
    pub(crate) fn plain(
        dispatcher: &'d Dispatcher,
        wait_policy: WaitPolicy,
        at: &'static Location<'static>,
    ) -> Self {
        Self {
            state: dispatcher.inner(),
            options: RootOptions {
                emitted_at: Some(at),
                ..RootOptions::default()
            },
            wait_policy,
        }
    }
}

impl<E: Event> Payload for E
where
    E::Durability: Emitted<E>,
{
    fn info(&self) -> &'static EventInfo {
        E::INFO
    }

    #[inline]
    fn emit_plain(self, dispatcher: &Dispatcher, at: &'static Location<'static>) -> Report {
        emit::emit(dispatcher.inner(), self, at)
    }

    fn emit_with(self, request: Request<'_>) -> Report {
        emit::emit_with(request.state, self, &request.options, request.wait_policy)
    }

    fn emit_async(self, request: Request<'_>) -> impl Future<Output = Report> + Send + use<E> {
        emit_async::emit_async(Arc::clone(request.state), self, request.options)
    }
}

/// Recorded events are emitted as one root: all of them, in order, before any event that they cause. An
/// async emission runs the async handlers of each event concurrently, before it emits the next one.
impl Payload for PendingEvents {
    fn info(&self) -> &'static EventInfo {
        self.first()
    }

    fn emit_with(self, request: Request<'_>) -> Report {
        emit_all::emit_all(
            request.state,
            self.events,
            &request.options,
            request.wait_policy,
        )
    }

    fn emit_async(self, request: Request<'_>) -> impl Future<Output = Report> + Send + use<> {
        let (state, event) = (Arc::clone(request.state), self.first());
        emit_async::emit_all_async(state, self.events, event, request.options)
    }
}
