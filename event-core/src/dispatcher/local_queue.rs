//! The handles that a dispatcher returns for its queues, by the kind of queue.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::{Arc, Weak};

use crate::dispatcher::Dispatcher;
use crate::engine::owner::DispatcherOwner;
use crate::engine::queue::handle::QueueHandle;
use crate::engine::state::DispatcherState;
use crate::queue::local::LocalQueue;
use crate::queue::{AnyQueue, Declared, Queue};

/// The declaration of a queue, which [`Dispatcher::queue`](crate::Dispatcher::queue) takes: a [`Queue`] or a
/// [`LocalQueue`]. Nothing outside of this crate can implement it.
pub trait QueueDeclaration: AnyQueue {
    /// The handle that a dispatcher returns for such a queue.
    type Handle;

    #[doc(hidden)]
    fn handle(&'static self, queue: QueueHandle, dispatcher: &Dispatcher) -> Self::Handle;
}

impl QueueDeclaration for Queue {
    type Handle = QueueHandle;

    fn handle(&'static self, queue: QueueHandle, _: &Dispatcher) -> QueueHandle {
        queue
    }
}

impl<S: 'static> QueueDeclaration for LocalQueue<S> {
    type Handle = LocalQueueHandle<S>;

    fn handle(&'static self, queue: QueueHandle, dispatcher: &Dispatcher) -> LocalQueueHandle<S> {
        LocalQueueHandle {
            queue,
            dispatcher: Arc::downgrade(dispatcher.inner()),
            lends: PhantomData,
        }
    }
}

/// A handle to a [`LocalQueue`] of one dispatcher: a [`QueueHandle`] that can also pump the queue. It
/// does not keep the dispatcher alive.
pub struct LocalQueueHandle<S> {
    queue: QueueHandle,
    dispatcher: Weak<DispatcherState>,
    lends: PhantomData<fn(&mut S)>,
}

impl<S: 'static> LocalQueueHandle<S> {
    /// Runs the deliveries that wait in the queue now, on this thread, and lends `owned` to them. Returns
    /// how many deliveries ran, or 0 if the dispatcher is gone. Deliveries that they cause through the
    /// same queue wait for the next call.
    pub fn pump(&self, owned: &mut S) -> usize {
        let dispatcher = DispatcherOwner::of(&self.dispatcher);
        dispatcher.map_or(0, |dispatcher| self.queue.queue.pump(&dispatcher, owned))
    }

    /// Sets the function that wakes the loop that pumps the queue (`request_repaint`, an
    /// `EventLoopProxy`). It is called on the emitter's thread whenever a delivery is added to the queue.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use std::sync::mpsc;
    /// use event_core::queue::LocalQueue;
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// static UI: LocalQueue<u32> = LocalQueue::new("ui");
    ///
    /// #[derive(Event)]
    /// struct Clicked;
    ///
    /// #[handler(queue = UI)]
    /// fn count(_event: &Clicked, clicks: &mut u32) {
    ///     *clicks += 1;
    /// }
    ///
    /// let dispatcher = Dispatcher::builder().build()?;
    /// let ui = dispatcher.queue(&UI)?;
    /// let (wake, woken) = mpsc::channel();
    /// ui.on_wake(move || { let _ = wake.send(()); })?;
    ///
    /// dispatcher.emit(Clicked);
    /// let mut clicks = 0;
    /// woken.recv()?;
    /// ui.pump(&mut clicks);
    /// assert_eq!(clicks, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A function was set before.
    pub fn on_wake(&self, wake: impl Fn() + Send + Sync + 'static) -> Result<(), WakeSetError> {
        if self.queue.queue.set_wake(Box::new(wake)) {
            Ok(())
        } else {
            Err(WakeSetError {
                queue: self.queue.name(),
            })
        }
    }
}

impl<S> Deref for LocalQueueHandle<S> {
    type Target = QueueHandle;

    fn deref(&self) -> &QueueHandle {
        &self.queue
    }
}

impl<S> Clone for LocalQueueHandle<S> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            dispatcher: Weak::clone(&self.dispatcher),
            lends: PhantomData,
        }
    }
}

impl<S> fmt::Debug for LocalQueueHandle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalQueueHandle")
            .field(&self.queue)
            .finish()
    }
}

/// The error if neither a handler of a dispatcher nor its builder names the queue.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "no handler of this dispatcher names queue `{name}` ({file}:{line}); add `queue = …` to a `#[handler]`, let \
     the builder have the handler that names it, or name it with `.queue(…)` of the builder"
)]
#[non_exhaustive]
pub struct UnknownQueueError {
    name: &'static str,
    file: &'static str,
    line: u32,
}

impl UnknownQueueError {
    pub(crate) fn new(queue: &'static Declared) -> Self {
        Self {
            name: queue.name,
            file: queue.at.file(),
            line: queue.at.line(),
        }
    }
}

/// The error if the function that wakes the loop was set before.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "what wakes the loop of queue `{queue}` is set already; `on_wake` works once for each dispatcher"
)]
#[non_exhaustive]
pub struct WakeSetError {
    queue: &'static str,
}
