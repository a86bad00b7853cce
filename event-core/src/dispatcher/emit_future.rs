//! The future of an async emission.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::engine::state::DispatcherState;
use crate::event::info::EventInfo;
use crate::report::Report;

pin_project! {
/// An emission that has not started: await it, or [spawn](Self::spawned) it.
///
/// # Cancellation
///
/// If the future is dropped early (by a `select!`, or since a client has gone), each delivery that has
/// not ended is cancelled, which is logged and told to observers once; deliveries that were handed to a
/// queue continue. To prevent this, [`spawned`](Self::spawned) makes the emission a task: dropping its
/// future only ends the waiting.
#[must_use = "an emission does nothing until it is awaited"]
pub struct EmitAsync<'d, F> {
    pub(crate) inner: &'d Arc<DispatcherState>,
    pub(crate) event: &'static EventInfo,
    #[pin]
    pub(crate) future: F,
}
}

impl<'d, F> EmitAsync<'d, F> {
    pub(crate) fn new(
        inner: &'d Arc<DispatcherState>,
        event: &'static EventInfo,
        future: F,
    ) -> Self {
        Self {
            inner,
            event,
            future,
        }
    }
}

impl<F: Future<Output = Report>> Future for EmitAsync<'_, F> {
    type Output = Report;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Report> {
        self.project().future.poll(context)
    }
}

impl<F> fmt::Debug for EmitAsync<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmitAsync")
            .field("event", &self.event.name())
            .field("open", &self.inner.closing.is_open())
            .finish_non_exhaustive()
    }
}
