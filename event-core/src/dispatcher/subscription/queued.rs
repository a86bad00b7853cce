//! Subscriptions that run in a queue.

use std::any::Any;
use std::marker::PhantomData;
use std::panic::Location;

use crate::dispatcher::local_queue::UnknownQueueError;
use crate::dispatcher::subscription::Subscription;
use crate::dispatcher::subscription::builder::SubscriptionBuilder;
use crate::dispatcher::subscription::conditions::Selects;
use crate::dispatcher::subscription::late::{
    DeferredSubscriptionCall, QueuedSubscriptionCall, add_late_node,
};
use crate::dispatcher::subscription::queue_traits::{NoQueue, RetriesCalls};
use crate::engine::emission::Emission;
use crate::engine::emission::ending::Ending;
use crate::engine::plan::bound::Received as _;
use crate::engine::plan::executor::QueueExecutor;
use crate::engine::plan::handlers::EventType;
use crate::engine::plan::subscription::inline::Target;
use crate::engine::queue::live::ServedBy;
use crate::event::any::AnyEvent;
use crate::event::{Event, Handled};
use crate::handler::outcome::{Deferred, Effects, Outcome};
use crate::handler_info::DeliveryKind;
use crate::queue::local::LocalQueue;
use crate::queue::{AnyQueue, Declared};
use crate::retry::RetryPolicy;
use crate::runtime::Runtime;
use crate::type_name;

/// The queue of a subscription.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChosenQueue {
    /// The index of the queue among the dispatcher's.
    index: usize,
    pub(crate) declared: &'static Declared,
}

impl<'d, W, S, P, Q> SubscriptionBuilder<'d, W, S, P, Q> {
    /// Lets a queue run the subscription: a [`Queue`](crate::queue::Queue), or a [`LocalQueue`], whose closures
    /// take a `&mut` of what its pump lends behind the event.
    ///
    /// The deliveries are those of the queue, as if a handler had `queue = …`: its capacity, overflow policy, order by
    /// key, pauses, counts and shutdown hold for them. The dispatcher must have the queue: a handler names it, or the
    /// builder does with [`queue`](crate::dispatcher::DispatcherBuilder::queue).
    ///
    /// * The [filter](Self::filter) and [`until`](Self::until) are asked on the emitter's thread, before the delivery
    ///   is queued. [Weak](Self::weak) targets are upgraded just before the call, and so is the right to the call
    ///   checked: a delivery whose subscription was cancelled, or lost a target, while it waited is
    ///   [skipped](crate::report::SkipReason::Cancelled), and [counted](crate::queue::QueueCounts::skipped). It
    ///   keeps what the closure captured until then.
    /// * With [`once`](Self::once), the delivery that is queued first reserves the call, and claims it when it runs.
    ///   Until then other emissions do not call the closure. A delivery that is dropped, rejected or abandoned
    ///   releases the call.
    /// * Subscriptions are not known to the build, which refuses queues of handlers that wait for each other. So
    ///   [`Overflow::Wait`](crate::queue::Overflow::Wait) lets `emit_async` and `emit_blocking` wait for capacity, but
    ///   a queued or detached delivery whose event finds the queue of a subscription full is rejected there, and so
    ///   is what a queued subscription causes and finds a full queue.
    ///
    /// # Panics
    ///
    /// The dispatcher does not have the queue. [`subscribe`](Self::subscribe) panics if tasks serve the queue, since
    /// all its handlers are `async fn`s: a closure that blocks would stop the runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::queue::LocalQueue;
    /// use event_core::{Dispatcher, Event};
    ///
    /// struct Window { title: String }
    ///
    /// static UI: LocalQueue<Window> = LocalQueue::new("ui");
    ///
    /// #[derive(Event)]
    /// struct FileOpened { name: &'static str }
    ///
    /// let dispatcher = Dispatcher::empty().queue(&UI).build()?;
    /// let showing = dispatcher.subscription_builder().queue(&UI).subscribe(
    ///     |opened: &FileOpened, window: &mut Window| window.title = opened.name.to_owned(),
    /// );
    /// let mut window = Window { title: String::new() };
    /// dispatcher.emit(FileOpened { name: "notes.txt" }); // from any thread
    /// assert_eq!(dispatcher.queue(&UI)?.pump(&mut window), 1);
    /// assert_eq!(window.title, "notes.txt");
    /// # drop(showing);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn queue<T>(self, queue: &'static T) -> SubscriptionBuilder<'d, W, S, P, T>
    where
        T: AnyQueue,
        Q: NoQueue,
    {
        let declared = queue.declared();
        let Some(index) = self.dispatcher.inner().place_of(queue) else {
            panic!("{}", UnknownQueueError::new(declared));
        };
        let mut options = self.options;
        options.queue = Some(ChosenQueue { index, declared });
        SubscriptionBuilder {
            dispatcher: self.dispatcher,
            options,
            targets: self.targets,
            params: self.params,
            conditions: self.conditions,
            queue: PhantomData,
        }
    }
}

impl<W, S, P, Q> SubscriptionBuilder<'_, W, S, P, Q> {
    /// Tries a delivery again whose closure failed or panicked, as a handler's `retry` does: the
    /// [policy](RetryPolicy) says how often, and how long it waits. Say the [`queue`](Self::queue) first, which is a
    /// [`Queue`](crate::queue::Queue).
    ///
    /// There is no `when`: an error that no retry heals is returned as a
    /// [`Permanent`](crate::retry::Permanent) one, and one that says when as a
    /// [`RetryAfter`](crate::retry::RetryAfter). A delivery whose subscription is cancelled, or loses a
    /// [target](Self::weak), while it waits for its next attempt is
    /// [skipped](crate::report::SkipReason::Cancelled). One that was the [last](Self::until), or the
    /// [only](Self::once) one, has all its attempts.
    ///
    /// # Panics
    ///
    /// Tasks serve the queue, and the tokio runtime has no timers. `subscribe` and `subscribe_async` panic if
    /// the policy is [`ordered`](RetryPolicy::ordered), and the event has no `key`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use std::time::Duration;
    /// use event_core::queue::Queue;
    /// use event_core::retry::RetryPolicy;
    /// use event_core::{Dispatcher, Event};
    ///
    /// static MAIL: Queue = Queue::new("mail");
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    /// let dispatcher = Dispatcher::empty().queue(&MAIL).runtime(runtime.handle().clone()).build()?;
    /// let policy = RetryPolicy::new().with_backoff(Duration::from_millis(1), Duration::from_millis(5));
    /// let calls = AtomicU32::new(0);
    /// let sending = dispatcher.subscription_builder().queue(&MAIL).retry(policy).subscribe(
    ///     move |_: &OrderPlaced| match calls.fetch_add(1, Ordering::Relaxed) {
    ///         0 | 1 => Err("the server is busy"),
    ///         _ => Ok(()),
    ///     },
    /// );
    /// dispatcher.emit(OrderPlaced);
    /// let mail = dispatcher.queue(&MAIL)?;
    /// assert!(mail.join_blocking(Duration::from_secs(60)));
    /// assert_eq!((mail.counts().done, mail.counts().failed), (1, 0));
    /// # drop(sending);
    /// # Ok(()) }
    /// # #[cfg(not(feature = "tokio"))] fn main() {}
    /// ```
    #[track_caller]
    pub fn retry(mut self, policy: RetryPolicy) -> Self
    where
        Q: RetriesCalls,
    {
        let inner = self.dispatcher.inner();
        if let Some(ChosenQueue { index, declared }) = self.options.queue {
            let has_timers = || inner.runtime.as_ref().is_some_and(Runtime::has_timers);
            assert!(
                inner.queues[index].serves() != ServedBy::Tasks || has_timers(),
                "tasks serve queue `{}`, and the tokio runtime has no timers for their next attempts; call \
                 `.enable_time()` or `.enable_all()` on the `tokio::runtime::Builder`",
                declared.name
            );
        }
        self.options.retry = Some(policy);
        self
    }
}

impl<S, L: 'static> SubscriptionBuilder<'_, (), S, (), LocalQueue<L>> {
    /// Adds the subscription. The closure is called by the pump of the [queue](Self::queue), with what the pump
    /// lends behind the event, and may return whatever a handler of `E` may return.
    #[track_caller]
    pub fn subscribe<E, R, F>(self, handler: F) -> Subscription
    where
        E: Handled,
        S: Selects<E>,
        R: Outcome<Deferred<E>>,
        F: Fn(&E, &mut L) -> R + Send + Sync + 'static,
    {
        let at = Location::caller();
        self.add_lent::<E, L, F>(at, None, move |event, lent, emission| {
            handler(event, lent).conclude(&mut Effects::new(&Ending::new(emission, event)));
            true
        })
    }
}

impl<S, Q> SubscriptionBuilder<'_, (), S, (), Q> {
    /// Adds a subscription of a `LocalQueue`.
    pub(crate) fn add_lent<E, L, F>(
        self,
        at: &'static Location<'static>,
        target: Option<Target>,
        call: impl Fn(&E, &mut L, &Emission<'_>) -> bool + Send + Sync + 'static,
    ) -> Subscription
    where
        E: Event,
        S: Selects<E>,
        L: 'static,
    {
        self.add_queued::<E, F>(at, target, move |event, emission, lent| {
            let Some(lent) = lent.and_then(|lent| lent.downcast_mut()) else {
                unreachable!("its pump lends a value of this type")
            };
            call(E::received(event), lent, emission)
        })
    }

    /// Adds a subscription of a queue whose closure is no future.
    #[track_caller]
    pub(crate) fn add_queued<E, F>(
        self,
        at: &'static Location<'static>,
        target: Option<Target>,
        call: impl Fn(&dyn AnyEvent, &Emission<'_>, Option<&mut dyn Any>) -> bool
        + Send
        + Sync
        + 'static,
    ) -> Subscription
    where
        E: Event,
        S: Selects<E>,
    {
        let call = QueuedSubscriptionCall::Sync(Box::new(call));
        self.add_to_queue::<E, F>(at, target, call)
    }

    #[track_caller]
    pub(super) fn add_to_queue<E, F>(
        self,
        at: &'static Location<'static>,
        target: Option<Target>,
        call: QueuedSubscriptionCall,
    ) -> Subscription
    where
        E: Event,
        S: Selects<E>,
    {
        let inner = self.dispatcher.inner();
        let Some(ChosenQueue { index, declared }) = self.options.queue else {
            unreachable!("the type says that it has a queue")
        };
        let blocks_tasks = inner.queues[index].serves() == ServedBy::Tasks
            && !inner.runtime.as_ref().is_some_and(Runtime::has_scheduler);
        assert!(
            !(blocks_tasks && matches!(call, QueuedSubscriptionCall::Sync(_))),
            "tasks serve queue `{}`, since all its handlers are `async fn`s, and this closure may block; use \
             `subscribe_async`, or let threads serve it: name it in the dispatcher's builder with `.queue(…)`",
            declared.name
        );
        if self.options.retry.is_some_and(|policy| policy.is_ordered()) {
            let event = E::INFO;
            assert!(
                event.key().is_some(),
                "the policy of this subscription is `ordered`, but its event `{}` has no `key`, so that no \
                 delivery waits for another; add `#[event(key = …)]` to `{}`, or remove `.ordered()`",
                event.name(),
                type_name::short(event.type_name())
            );
            inner.queues[index].keep_lanes();
        }
        let kind = if declared.local {
            DeliveryKind::Local
        } else {
            DeliveryKind::Queued
        };
        let info = self.options.info::<F>(at, kind);
        let executor = QueueExecutor {
            queue: index,
            label: inner.label_subscription(info),
            port: None,
        };
        add_late_node(
            inner,
            EventType::<E>::KIND,
            self.options.once,
            info,
            target,
            S::conditions(self.conditions).erased(),
            DeferredSubscriptionCall::Queued { executor, call },
        )
    }
}
