//! The dispatcher: an ordinary value that hands events to their handlers.

pub(crate) mod builder;
pub(crate) mod builder_handlers;
pub(crate) mod emit;
pub(crate) mod emit_future;
#[cfg(feature = "tokio")]
pub(crate) mod emit_task;
pub(crate) mod global;
pub(crate) mod handle;
pub(crate) mod handle_promise;
pub(crate) mod local_queue;
pub(crate) mod options;
pub(crate) mod payload;
pub(crate) mod pending;
pub(crate) mod shutdown;
pub(crate) mod stream;
pub(crate) mod subscription;

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::dispatcher::stream::EventStream;
use crate::engine::observers::ObserverGuard;
use crate::engine::owner::DispatcherOwner;
use crate::engine::queue::handle::QueueHandle;
use crate::engine::queue::live::{LiveQueue, ServedBy};
use crate::engine::state::DispatcherState;
use crate::event::Handled;
use crate::handler::outcome::Outcome;
use crate::observer::Observer;
use crate::queue::{Overflow, QueueDeclaration, QueueSettings, UnknownQueueError};

pub use crate::build::module::Module;
pub use crate::dispatcher::builder::DispatcherBuilder;
pub use crate::dispatcher::emit_future::EmitAsync;
#[cfg(feature = "tokio")]
pub use crate::dispatcher::emit_task::EmitTask;
pub use crate::dispatcher::handle::DispatcherHandle;
pub use crate::dispatcher::options::EmitOptions;
pub use crate::dispatcher::payload::Payload;
pub use crate::dispatcher::shutdown::{Shutdown, ShutdownReport};
pub use crate::dispatcher::subscription::{Subscription, SubscriptionBuilder};

/// Hands each event to everyone who handles it.
///
/// Made by [`builder`](Self::builder), which starts from every handler the linker found, or
/// by [`empty`](Self::empty), which starts from none. It is an ordinary value: clones share
/// one dispatcher, and two dispatchers of one process never see each other's events.
///
/// # Order
///
/// An emission has four phases. Inline handlers run one after another on the emitter's thread:
/// repeatedly the one with the lowest (priority, path, line) among those whose `after` have ended,
/// never in link order. Then filters are asked, async handlers are started, and queues and streams are
/// offered their deliveries, in the same order. In both phases subscriptions stand among the handlers: by
/// priority, behind handlers of the same. [`emit_async`](Self::emit_async) also awaits the async handlers. Last, events that
/// handlers caused are emitted, first in first out. What a queued or detached handler causes is
/// emitted where it runs.
///
/// # Failures
///
/// An error or a panic of one handler reaches no other and not the emitter; it is in the
/// [`Report`](crate::Report), and logged. Failures of deliveries that end after the report are logged, and told to
/// [`on_failure`](DispatcherBuilder::on_failure). Under `panic = "abort"` a panic ends the process.
///
/// # Dropping it
///
/// With the last clone goes what the dispatcher owns: the values that were provided, closures,
/// subscriptions, observers. All of it is dropped, and then the first panic among it goes on to whoever
/// dropped the clone: so a mock that checks its expectations when it is dropped fails its test. Inside
/// of an emission, and on a thread that panics, such panics are logged instead.
///
/// While deliveries are under way the dispatcher lives on without clones, and goes with the last of them,
/// on a thread or in a task where nobody waits for a verdict: it is logged. A test
/// [shuts down](Self::shutdown) first, after which the last clone is the last owner. If that clone is
/// dropped in a task of a runtime, the task panics, which shows in its `JoinHandle` alone.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Event, handler};
///
/// #[derive(Event)]
/// struct OrderPlaced { order_id: u64 }
///
/// #[handler]
/// fn print_label(event: &OrderPlaced) {
///     println!("label for order {}", event.order_id);
/// }
///
/// let dispatcher = Dispatcher::builder().build()?;
/// let report = dispatcher.emit(OrderPlaced { order_id: 7 });
/// assert_eq!(report.done(), 1);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Dispatcher {
    owner: DispatcherOwner,
}

impl Dispatcher {
    /// Starts a dispatcher with every linked handler.
    pub fn builder() -> DispatcherBuilder {
        DispatcherBuilder::of_linked(true)
    }

    /// Starts a dispatcher without any handler: for runtime subscriptions alone, and for
    /// tests that add one [`module`](DispatcherBuilder::module) after another.
    pub fn empty() -> DispatcherBuilder {
        DispatcherBuilder::of_linked(false)
    }

    // Not `new`, which rustc would offer for `Dispatcher::new()`.
    pub(crate) fn of(owner: DispatcherOwner) -> Self {
        Self { owner }
    }

    pub(crate) fn inner(&self) -> &Arc<DispatcherState> {
        &self.owner
    }

    /// Adds a handler at run time; the closure may return whatever a handler of `E` may.
    ///
    /// Strong: it lives until the guard is dropped, whatever it captures. One that captures a
    /// clone of the dispatcher keeps it alive for ever if it is detached; capture a
    /// [`handle`](Self::handle) instead. An emission that
    /// has started does not see it. A closure handles one event type; a handler of every event
    /// is written as a function with `#[handler]`. See [`subscription`](Self::subscription_builder) for one call
    /// only, another priority, or one that ends with an object.
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::{Dispatcher, Event};
    ///
    /// #[derive(Event)]
    /// struct BellRung;
    ///
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let printing = dispatcher.subscribe(|_: &BellRung| println!("ding dong"));
    /// assert_eq!(dispatcher.emit(BellRung).done(), 1);
    /// drop(printing);
    /// assert_eq!(dispatcher.emit(BellRung).done(), 0);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    #[track_caller]
    pub fn subscribe<E, R, F>(&self, handler: F) -> Subscription
    where
        E: Handled,
        R: Outcome<E>,
        F: Fn(&E) -> R + Send + Sync + 'static,
    {
        self.subscription_builder().subscribe(handler)
    }

    /// Adds an async handler at run time: its future is run like that of an `async fn` with
    /// `#[handler]`, and may lead to whatever a handler of `E` may return.
    ///
    /// The closure is called for each event, and its future outlives the call. So what it captures is cloned for
    /// each call, as in the example; or it is the target of a [`weak`](SubscriptionBuilder::weak) subscription,
    /// which the closure is given.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    /// use event_core::{Dispatcher, Event};
    ///
    /// #[derive(Event)]
    /// struct BellRung { door: u8 }
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let (door_sender, mut doors) = tokio::sync::mpsc::channel(1);
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let telling = dispatcher.subscribe_async(move |event: Arc<BellRung>| {
    ///     let door_sender = door_sender.clone();
    ///     async move { door_sender.send(event.door).await }
    /// });
    /// assert_eq!(dispatcher.emit_async(BellRung { door: 3 }).await.done(), 1);
    /// assert_eq!(doors.recv().await, Some(3));
    /// # drop(telling);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok(()) }
    /// # #[cfg(not(feature = "tokio"))] fn main() {}
    /// ```
    #[track_caller]
    pub fn subscribe_async<E, R, F, Fut>(&self, handler: F) -> Subscription
    where
        E: Handled,
        R: Outcome<E> + 'static,
        // rustc shows this line to whoever captures in another way.
        F: Fn(Arc<E>) -> Fut + Send + Sync + 'static, // clone captures: move |e| { let x = x.clone(); async move { … } }
        Fut: Future<Output = R> + Send + 'static,
    {
        self.subscription_builder().subscribe_async(handler)
    }

    /// The events of one type from here on, as a stream that holds up to `capacity` of them; what
    /// happens to more is said by `overflow`, and [counted](EventStream::skipped).
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::queue::Overflow;
    /// use event_core::{Dispatcher, Event};
    ///
    /// #[derive(Event)]
    /// struct Moved { x: i32 }
    ///
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let mut moves = dispatcher.stream::<Moved>(2, Overflow::DropOldest);
    /// for x in 1..=3 {
    ///     dispatcher.emit(Moved { x });
    /// }
    /// assert_eq!(moves.try_next().map(|moved| moved.x), Some(2));
    /// assert_eq!(moves.skipped(), 1);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// `capacity` is 0.
    #[track_caller]
    #[must_use = "dropping the stream ends it"]
    pub fn stream<E: Handled>(&self, capacity: usize, overflow: Overflow) -> EventStream<E> {
        assert!(
            capacity > 0,
            "a stream needs room for an event: write `stream(1, …)` or more"
        );
        let settings = QueueSettings::ONE.capacity(capacity).overflow(overflow);
        let queue = LiveQueue::new("stream", settings, ServedBy::Stream);
        self.owner.closing.add_stream(&queue);
        let at = Location::caller();
        let subscription = subscription::subscribe_stream::<E>(&self.owner, &queue, at);
        EventStream::new(queue, subscription)
    }

    /// One queue of this dispatcher: its counts, and a way to pause it and to wait for it. Of a
    /// [`LocalQueue`](crate::queue::LocalQueue) also a way to [pump](crate::queue::LocalQueueHandle::pump) it.
    ///
    /// # Errors
    ///
    /// No handler of this dispatcher names the queue, so that nothing ever waits in it.
    pub fn queue<Q: QueueDeclaration>(
        &self,
        queue: &'static Q,
    ) -> Result<Q::Handle, UnknownQueueError> {
        let state = &self.owner;
        let at = state.place_of(queue).and_then(|at| state.queues.get(at));
        let live = at.ok_or(UnknownQueueError::new(queue.declared()))?;
        let handle = QueueHandle::new(live, queue.declared());
        Ok(queue.handle(handle, self))
    }

    /// Every queue that some handler of this dispatcher names, those that a thread pumps, too; in no
    /// order that says anything.
    pub fn queues(&self) -> impl Iterator<Item = QueueHandle> {
        let queues = self.owner.queues.iter().enumerate();
        queues.filter_map(|(at, queue)| {
            let declared = self.owner.declared(at)?;
            Some(QueueHandle::new(queue, declared))
        })
    }

    /// Ends the dispatcher in an orderly way: takes no new roots, and waits until tasks, queued
    /// deliveries and all they cause have ended, but no longer than `limit`. What has not ended then
    /// is abandoned, and named in the report.
    ///
    /// Nothing happens before what this returns is awaited, or [blocks](Shutdown::blocking) a thread.
    /// From then on `emit` emits nothing, except inside of handlers that drain; its report says
    /// that it is [closed](crate::Report::closed). An `emit` that runs on another thread is not waited for;
    /// what it hands over afterwards ends as rejected. Streams end.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use std::time::Duration;
    /// use event_core::queue::Queue;
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// static MAIL: Queue = Queue::new("mail");
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// #[handler(queue = MAIL)]
    /// async fn send_receipt(_event: &OrderPlaced) {}
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let dispatcher = Dispatcher::builder().build()?;
    /// dispatcher.emit(OrderPlaced);
    /// let shutdown = dispatcher.shutdown(Duration::from_secs(10)).await;
    /// assert!(shutdown.is_complete());
    /// assert!(dispatcher.emit(OrderPlaced).closed());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shutdown(&self, limit: Duration) -> Shutdown {
        Shutdown::new(&self.owner, limit)
    }

    /// Starts a subscription with options.
    pub fn subscription_builder(&self) -> SubscriptionBuilder<'_> {
        SubscriptionBuilder::new(self)
    }

    /// Adds an observer until the guard is dropped.
    pub fn observe(&self, observer: impl Observer) -> ObserverGuard {
        let observer: Arc<dyn Observer> = Arc::new(observer);
        self.owner
            .change_observers(|all| all.push(Arc::clone(&observer)));
        ObserverGuard {
            inner: Arc::downgrade(&self.owner),
            observer: Some(observer),
        }
    }

    /// What the dispatcher has counted so far.
    #[must_use]
    pub fn counts(&self) -> DispatcherCounts {
        DispatcherCounts {
            observer_panics: self.owner.observer_panics.load(Ordering::Relaxed),
            discarded: self.owner.discarded(),
        }
    }

    /// A handle that does not keep the dispatcher alive: for code that the dispatcher owns, such
    /// as subscriptions that emit.
    #[must_use]
    pub fn handle(&self) -> DispatcherHandle {
        DispatcherHandle::of(Arc::downgrade(&self.owner))
    }
}

/// What a dispatcher has counted: from [`Dispatcher::counts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DispatcherCounts {
    /// Calls of observers that panicked.
    pub observer_panics: u64,
    /// Events that were not emitted in replays, since they are in the record. Those of queued and detached
    /// handlers are in no report.
    pub discarded: u64,
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher").finish_non_exhaustive()
    }
}
