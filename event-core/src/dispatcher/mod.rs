//! The dispatcher: a value that has handlers and emits to them.

pub(crate) mod builder;
pub(crate) mod builder_handlers;
pub(crate) mod builder_observers;
pub(crate) mod emit;
pub(crate) mod emit_future;
#[cfg(feature = "tokio")]
pub(crate) mod emit_task;
pub(crate) mod event_view;
pub(crate) mod global;
pub(crate) mod handle;
pub(crate) mod handle_promise;
pub(crate) mod join;
pub(crate) mod local_queue;
pub(crate) mod options;
pub(crate) mod outbox;
pub(crate) mod payload;
pub(crate) mod pending;
pub(crate) mod savepoint;
pub(crate) mod settled;
pub(crate) mod shutdown;
pub(crate) mod stream;
pub(crate) mod subscription;
pub(crate) mod unit_of_work;

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
use crate::handler::outcome::{Deferred, Outcome};
use crate::observer::Observer;
use crate::queue::{Overflow, QueueDeclaration, QueueSettings, UnknownQueueError};

pub use crate::build::module::Module;
pub use crate::dispatcher::builder::DispatcherBuilder;
pub use crate::dispatcher::emit_future::EmitAsync;
#[cfg(feature = "tokio")]
pub use crate::dispatcher::emit_task::EmitTask;
pub use crate::dispatcher::event_view::EventView;
pub use crate::dispatcher::handle::DispatcherHandle;
pub use crate::dispatcher::join::{Join, JoinError};
pub use crate::dispatcher::options::EmitOptions;
pub use crate::dispatcher::payload::Payload;
pub use crate::dispatcher::savepoint::Savepoint;
pub use crate::dispatcher::settled::EmitSettled;
pub use crate::dispatcher::shutdown::{Shutdown, ShutdownReport};
pub use crate::dispatcher::subscription::{Subscription, SubscriptionBuilder};
pub use crate::dispatcher::unit_of_work::{CommittedEvents, UnitOfWork};

/// Hands each event to all of its handlers.
///
/// A dispatcher is made by [`builder`](Self::builder), which starts with every linked handler, or by
/// [`empty`](Self::empty), which starts with none. It is an ordinary value: its clones share one
/// dispatcher, and two dispatchers of one process never see each other's events.
///
/// # Order
///
/// An emission has four phases. First, inline handlers run one after another on the emitter's thread: the
/// next one is always the one with the lowest (priority, path, line) among those whose `after` have
/// ended, never the next in link order. Second, filters are evaluated, async handlers are started, and
/// deliveries are offered to queues and streams, in the same order. In both phases subscriptions run
/// among the handlers: by priority, behind handlers of the same priority. Third,
/// [`emit_async`](Self::emit_async) awaits the async handlers. Last, the events that handlers caused are
/// emitted, first in first out. Events that a queued or detached handler causes are emitted where that
/// handler runs.
///
/// # Failures
///
/// An error or a panic of one handler affects no other handler and not the emitter; it is in the
/// [`Report`](crate::Report), and logged. Failures of deliveries that end after the report are logged,
/// and passed to [`on_failure`](DispatcherBuilder::on_failure). Under `panic = "abort"` a panic ends the
/// process.
///
/// # Dropping it
///
/// When the last clone is dropped, everything the dispatcher owns is dropped: the values that were
/// provided, closures, subscriptions, observers. If several of these drops panic, all of them still run,
/// and the first panic continues in the code that dropped the clone: so a mock that checks its
/// expectations when it is dropped fails its test. Inside of an emission, and on a thread that panics,
/// such panics are logged instead.
///
/// While deliveries run, the dispatcher lives on without clones, and is dropped with the last delivery,
/// on a thread or in a task where such a panic is only logged. A test therefore [shuts
/// down](Self::shutdown) first; after that the last clone is the last owner. If that clone is dropped in
/// a task of a runtime, the task panics, which only its `JoinHandle` shows.
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
    /// Returns a builder with every linked handler.
    pub fn builder() -> DispatcherBuilder {
        DispatcherBuilder::of_linked(true)
    }

    /// Returns a builder without handlers: for dispatchers that have subscriptions alone, and for tests
    /// that add one [`module`](DispatcherBuilder::module) after another.
    pub fn empty() -> DispatcherBuilder {
        DispatcherBuilder::of_linked(false)
    }

    // Not named `new`, which rustc would suggest for `Dispatcher::new()`.
    pub(crate) fn of(owner: DispatcherOwner) -> Self {
        Self { owner }
    }

    pub(crate) fn inner(&self) -> &Arc<DispatcherState> {
        &self.owner
    }

    /// Adds a handler at run time. The closure may return whatever a handler of `E` may return.
    ///
    /// The subscription is strong: it lives until the guard is dropped, whatever the closure captures. A
    /// closure that captures a clone of the dispatcher keeps the dispatcher alive for ever if the guard
    /// is detached; capture a [`handle`](Self::handle) instead. An emission that has started does not see
    /// the subscription. A closure handles one event type; a handler of every event is written as a
    /// function with `#[handler]`. See [`subscription_builder`](Self::subscription_builder) for a
    /// subscription with one call only, with another priority, or one that ends with an object.
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

    /// Adds an async handler at run time. Its future runs, and may return, as an `async fn` with `#[handler]`.
    ///
    /// The closure is called for each event, and its future outlives the call. So clone what the closure
    /// captures for each call, as in the example, or make it the target of a
    /// [`weak`](SubscriptionBuilder::weak) subscription, which the closure is called with.
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
        R: Outcome<Deferred<E>> + 'static,
        // rustc shows the next line for a closure that captures in another way.
        F: Fn(Arc<E>) -> Fut + Send + Sync + 'static, // clone captures: move |e| { let x = x.clone(); async move { … } }
        Fut: Future<Output = R> + Send + 'static,
    {
        self.subscription_builder().subscribe_async(handler)
    }

    /// Returns the events of one type from now on, as a stream that holds up to `capacity` of them.
    /// `overflow` says what happens to events that find the stream full; they are
    /// [counted](EventStream::skipped).
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
            "a stream needs capacity for an event: write `stream(1, …)` or more"
        );
        let settings = QueueSettings::ONE.capacity(capacity).overflow(overflow);
        let queue = LiveQueue::new("stream", settings, ServedBy::Stream, Vec::new(), false);
        self.owner.closing.add_stream(&queue);
        let at = Location::caller();
        let subscription = subscription::subscribe_stream::<E>(&self.owner, &queue, at);
        EventStream::new(queue, subscription)
    }

    /// Returns a handle to a queue of this dispatcher, which has its counts, pauses it and waits for it.
    /// The handle of a [`LocalQueue`](crate::queue::LocalQueue) also
    /// [pumps](crate::queue::LocalQueueHandle::pump) it.
    ///
    /// # Errors
    ///
    /// Neither a handler of this dispatcher nor its [builder](DispatcherBuilder::queue) names the queue, so no
    /// delivery ever waits in it.
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

    /// Returns every queue that a handler or the builder of this dispatcher names, with each `LocalQueue`, in
    /// no particular order.
    pub fn queues(&self) -> impl Iterator<Item = QueueHandle> {
        let queues = self.owner.queues.iter().enumerate();
        queues.filter_map(|(at, queue)| {
            let declared = self.owner.declared(at)?;
            Some(QueueHandle::new(queue, declared))
        })
    }

    /// Shuts the dispatcher down: it takes no new roots, and waits until tasks, queued deliveries and all
    /// they cause have ended, but no longer than `limit`. Deliveries that have not ended by then are
    /// abandoned, and named in the report.
    ///
    /// Nothing happens before the returned value is awaited, or [blocks](Shutdown::blocking) a thread.
    /// From then on `emit` emits nothing, except inside of handlers that drain; its report says that the
    /// dispatcher is [closed](crate::Report::closed). The shutdown does not wait for an `emit` that runs
    /// on another thread; deliveries that it hands over afterwards are rejected. Streams end.
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

    /// Returns a builder for a subscription with options.
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

    /// Returns the name that the builder was [given](DispatcherBuilder::name).
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.owner.name().map(|name| &**name)
    }

    /// Returns what the dispatcher has counted so far.
    #[must_use]
    pub fn counts(&self) -> DispatcherCounts {
        DispatcherCounts {
            observer_panics: self.owner.observer_panics.load(Ordering::Relaxed),
            discarded: self.owner.discarded(),
            rolled_back: self.owner.rolled_back.load(Ordering::Relaxed),
            forgotten: self.owner.forgotten.load(Ordering::Relaxed),
        }
    }

    /// Returns a handle that does not keep the dispatcher alive: for code that the dispatcher owns, such
    /// as subscriptions that emit.
    #[must_use]
    pub fn handle(&self) -> DispatcherHandle {
        DispatcherHandle::of(Arc::downgrade(&self.owner))
    }
}

/// What a dispatcher has counted, returned by [`Dispatcher::counts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DispatcherCounts {
    /// Calls of observers that panicked.
    pub observer_panics: u64,
    /// Events that were not emitted in replays, since they are in the journal. Such events of queued and
    /// detached handlers are in no report.
    pub discarded: u64,
    /// Events that were dropped since their [unit of work](Dispatcher::unit_of_work), or its
    /// [savepoint](UnitOfWork::savepoint), was rolled back.
    pub rolled_back: u64,
    /// Events of units of work that nobody emitted by mistake; each unit is a failure, too.
    pub forgotten: u64,
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.inner();
        let queues: Vec<_> = state.queues.iter().map(|queue| queue.name).collect();
        let mut shown = f.debug_struct("Dispatcher");
        if let Some(name) = self.name() {
            shown.field("name", &name);
        }
        shown
            .field("events", &state.event_kinds().len())
            .field("handlers", &state.count_handlers())
            .field("queues", &queues)
            .field("subscriptions", &state.count_subscriptions())
            .field("closed", &!state.closing.is_open())
            .finish()
    }
}
