//! Events as a stream.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::dispatcher::subscription::Subscription;
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::queue::live::LiveQueue;
use crate::event::Event;
use crate::panics;
use crate::queue::buffer::ticket::Taken;
use crate::report::status::DeliveryStatus;

/// The events of one type from now on, returned by [`Dispatcher::stream`](crate::Dispatcher::stream).
///
/// The stream holds as many events as its capacity; its overflow policy decides about more, and
/// [`skipped`](Self::skipped) counts them. A delivery to a stream ends once the stream holds the event.
/// The stream ends when the dispatcher is shut down or dropped, after the events that it still holds.
/// Dropping the stream ends the subscription.
pub struct EventStream<E> {
    line: Arc<LiveQueue>,
    _subscription: Subscription,
    /// The wait for the next event, between polls.
    next: Option<Next>,
    event: PhantomData<fn() -> E>,
}

type Next = Pin<Box<dyn Future<Output = Option<Taken<DeferredDelivery>>> + Send>>;

impl<E: Event> EventStream<E> {
    pub(crate) fn new(line: Arc<LiveQueue>, subscription: Subscription) -> Self {
        Self {
            line,
            _subscription: subscription,
            next: None,
            event: PhantomData,
        }
    }

    /// Returns how many events the stream rejected or dropped because it was full.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.line.not_done(DeliveryStatus::Dropped) + self.line.not_done(DeliveryStatus::Rejected)
    }

    /// Returns the next event, or `None` once the dispatcher is shut down or dropped and no event is
    /// left.
    ///
    /// # Cancellation
    ///
    /// If the future is dropped before it is ready, no event is lost.
    pub async fn next(&mut self) -> Option<Arc<E>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Returns the next event, if the stream holds one.
    pub fn try_next(&mut self) -> Option<Arc<E>> {
        self.next = None;
        let taken = self.line.buffer.try_take(None)?;
        self.event_of(taken)
    }

    fn event_of(&self, taken: Taken<DeferredDelivery>) -> Option<Arc<E>> {
        self.line.buffer.finish(taken.ticket);
        let event = taken.item.event.share()?.downcast().ok();
        panics::drop_caught(taken.item);
        event
    }
}

impl<E: Event> Stream for EventStream<E> {
    type Item = Arc<E>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Arc<E>>> {
        let this = self.get_mut();
        // If an event waits already, no future is allocated.
        if this.next.is_none()
            && let Some(taken) = this.line.buffer.try_take(None)
        {
            return Poll::Ready(this.event_of(taken));
        }
        let line = &this.line;
        let next = this.next.get_or_insert_with(|| {
            let line = Arc::clone(line);
            Box::pin(async move { line.buffer.take(None).await })
        });
        let Poll::Ready(taken) = next.as_mut().poll(context) else {
            return Poll::Pending;
        };
        this.next = None;
        Poll::Ready(taken.and_then(|taken| this.event_of(taken)))
    }
}

impl<E> Drop for EventStream<E> {
    fn drop(&mut self) {
        self.line.buffer.close();
        let items = self.line.buffer.clear();
        if !items.is_empty() {
            panics::release(|| items.into_iter().for_each(panics::drop_caught));
        }
    }
}

impl<E> fmt::Debug for EventStream<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("counts", &self.line.buffer.counts())
            .finish_non_exhaustive()
    }
}
