//! Handlers that are added and removed at run time.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::{Arc, Weak};

use crate::dispatcher::Dispatcher;
use crate::dispatcher::subscription::late::conclude_async;
pub(crate) use crate::dispatcher::subscription::late::subscribe_stream;
use crate::engine::emission::Emission;
use crate::engine::emission::ending::Ending;
use crate::engine::plan::handlers::EventType;
pub(crate) use crate::engine::plan::subscription::inline::{Cancel, InlineSubscription};
use crate::engine::plan::subscription::state::State;
use crate::event::{Event, Handled};
use crate::handler::bind_async::Conclusion;
use crate::handler::outcome::{Effects, Outcome};
use crate::handler_info::{DeliveryKind, HandlerInfo, SubscriptionDeclaration};
use crate::panics;

pub(crate) mod late;

/// The guard of a subscription: dropping it cancels the subscription.
///
/// Cancelling does not wait for a call that is running. A call that has not started does not start any
/// more, not even in an emission that runs at that moment, nor in a task that `emit` made for it. What
/// the closure captured is dropped with the last call that runs. Bind the guard to a name, `let printing
/// = dispatcher.subscribe(…)`: `let _ = …` drops it at once.
///
/// The closure is dropped with the guard, or with the last emission that has it. Outside of an emission,
/// a panic in the `Drop` of what it captured continues in the code that drops the guard.
#[must_use = "dropping the guard cancels the subscription, and `let _ =` drops it at once: bind it to a name, or call `.detach()`"]
pub struct Subscription {
    /// Weak: what the closure captured is dropped with the subscription, even if the guard is kept.
    node: Option<Weak<dyn Cancel>>,
}

impl Subscription {
    fn new(node: Weak<dyn Cancel>) -> Self {
        Self { node: Some(node) }
    }

    /// Keeps the subscription for as long as the dispatcher lives.
    pub fn detach(mut self) {
        self.node = None;
    }

    /// Whether the closure may still be called. It is `false` after the call of a subscription with
    /// [`once`](SubscriptionBuilder::once), after the end of the target of a
    /// [`weak`](SubscriptionBuilder::weak) one, and after the dispatcher was dropped.
    ///
    /// Another thread may end the subscription right after this returned `true`.
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
    /// let answering = dispatcher.subscription_builder().once().subscribe(|_: &BellRung| {});
    /// assert!(answering.is_active());
    /// dispatcher.emit(BellRung);
    /// assert!(!answering.is_active());
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    #[must_use]
    pub fn is_active(&self) -> bool {
        let Some(node) = self.node.as_ref().and_then(Weak::upgrade) else {
            return false;
        };
        let is_active = node.is_alive();
        // If the subscription was cancelled meanwhile, what the closure captured is dropped here.
        panics::release(move || drop(node));
        is_active
    }

    /// Cancels the subscription, as dropping the guard does.
    pub fn cancel(self) {
        drop(self);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(node) = self.node.take().and_then(|node| node.upgrade()) {
            panics::release(move || {
                node.cancel();
                // If no emission has the node, what the closure captured is dropped here.
                drop(node);
            });
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

/// A subscription with options: made by [`Dispatcher::subscription_builder`], and added by `subscribe`.
///
/// The options are set before the subscription exists, so that no emission on another thread sees it
/// without them.
///
/// # Examples
///
/// ```standalone_crate
/// use std::sync::{Arc, atomic::{AtomicUsize, Ordering}};
/// use event_core::{Dispatcher, Event};
///
/// #[derive(Event)]
/// struct BellRung;
///
/// let rings = Arc::new(AtomicUsize::new(0));
/// let dispatcher = Dispatcher::empty().build()?;
/// let counting = dispatcher.subscription_builder().once().weak(&rings).subscribe(
///     |rings: &AtomicUsize, _: &BellRung| {
///         rings.fetch_add(1, Ordering::Relaxed);
///     },
/// );
/// assert_eq!(dispatcher.emit(BellRung).done(), 1);
/// assert_eq!(dispatcher.emit(BellRung).done(), 0);
/// assert_eq!(rings.load(Ordering::Relaxed), 1);
/// # drop(counting);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[must_use = "the options do nothing until `.subscribe(…)`"]
pub struct SubscriptionBuilder<'d, W = ()> {
    dispatcher: &'d Dispatcher,
    priority: i32,
    once: bool,
    weak: W,
}

impl<'d> SubscriptionBuilder<'d> {
    pub(crate) fn new(dispatcher: &'d Dispatcher) -> Self {
        Self {
            dispatcher,
            priority: 0,
            once: false,
            weak: (),
        }
    }

    /// Ties the subscription to `target`: the closure is called with it, and the subscription ends with
    /// it.
    ///
    /// The target is kept alive during a call, not between calls. After the target is dropped, the next
    /// emission of the event removes the subscription, or one of the next subscriptions to the event
    /// does.
    pub fn weak<T: ?Sized + Send + Sync + 'static>(
        self,
        target: &Arc<T>,
    ) -> SubscriptionBuilder<'d, Weak<T>> {
        SubscriptionBuilder {
            dispatcher: self.dispatcher,
            priority: self.priority,
            once: self.once,
            weak: Arc::downgrade(target),
        }
    }

    /// Adds the subscription. The closure may return whatever a handler of `E` may return.
    #[track_caller]
    pub fn subscribe<E, R, F>(self, handler: F) -> Subscription
    where
        E: Handled,
        R: Outcome<E>,
        F: Fn(&E) -> R + Send + Sync + 'static,
    {
        let at = Location::caller();
        self.add::<E, F>(at, None, move |event, emission| {
            handler(event).conclude(&mut Effects::new(&Ending::new(emission, event)));
            true
        })
    }
}

impl SubscriptionBuilder<'_> {
    /// Adds an async closure. Its future may return whatever a handler of `E` may return. See
    /// [`Dispatcher::subscribe_async`].
    #[track_caller]
    pub fn subscribe_async<E, R, F, Fut>(self, handler: F) -> Subscription
    where
        E: Handled,
        R: Outcome<E> + 'static,
        F: Fn(Arc<E>) -> Fut + Send + Sync + 'static, // clone captures: move |e| { let x = x.clone(); async move { … } }
        Fut: Future<Output = R> + Send + 'static,
    {
        let at = Location::caller();
        self.add_late::<E, F>(at, None, move |event| {
            Some(conclude_async(
                handler(event),
                const { &Conclusion::new(R::conclude, None) },
            ))
        })
    }
}

impl<T: ?Sized + Send + Sync + 'static> SubscriptionBuilder<'_, Weak<T>> {
    /// Adds an async closure, which is called with the target.
    #[track_caller]
    pub fn subscribe_async<E, R, F, Fut>(self, handler: F) -> Subscription
    where
        E: Handled,
        R: Outcome<E> + 'static,
        F: Fn(Arc<T>, Arc<E>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + Send + 'static,
    {
        let at = Location::caller();
        let weak = self.weak.clone();
        let target = weak.clone();
        let lives = Box::new(move || target.strong_count() > 0);
        self.add_late::<E, F>(at, Some(lives), move |event| {
            let target = weak.upgrade()?;
            Some(conclude_async(
                handler(target, event),
                const { &Conclusion::new(R::conclude, None) },
            ))
        })
    }

    /// Adds the subscription. The closure is called with the target and may return whatever a handler of
    /// `E` may return.
    #[track_caller]
    pub fn subscribe<E, R, F>(self, handler: F) -> Subscription
    where
        E: Handled,
        R: Outcome<E>,
        F: Fn(&T, &E) -> R + Send + Sync + 'static,
    {
        let at = Location::caller();
        let weak = self.weak.clone();
        let target = weak.clone();
        let lives = Box::new(move || target.strong_count() > 0);
        self.add::<E, F>(at, Some(lives), move |event, emission| {
            let Some(target) = weak.upgrade() else {
                return false;
            };
            handler(&target, event).conclude(&mut Effects::new(&Ending::new(emission, event)));
            true
        })
    }
}

impl<W> SubscriptionBuilder<'_, W> {
    /// Ends the subscription with its first call: the closure is called at most once, whatever the number
    /// of threads that emit. A delivery that ends before its call, such as one whose task is abandoned,
    /// leaves the call to the next emission.
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Sets the priority; lower runs first, and the default is 0. Among equals, handlers run before
    /// subscriptions, unless their `after` makes them wait, and subscriptions in the order in which they
    /// were made. There is one such order for all that run inline, and one for all others: async
    /// handlers, async subscriptions, queues and streams.
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    fn add<E: Event, F>(
        self,
        at: &'static Location<'static>,
        target: Option<Box<dyn Fn() -> bool + Send + Sync>>,
        call: impl Fn(&E, &Emission<'_>) -> bool + Send + Sync + 'static,
    ) -> Subscription {
        let inner = self.dispatcher.inner();
        let kind = EventType::<E>::KIND;
        let entry = inner.find_or_make(kind);
        let node = Arc::new(InlineSubscription {
            key: entry.subscriptions.key(self.priority),
            info: HandlerInfo::of_subscription(SubscriptionDeclaration {
                name: type_name::<F>(),
                at,
                priority: self.priority,
                delivery: DeliveryKind::Inline,
            }),
            state: State::new(self.once),
            call: Some(Box::new(call)),
            target,
            kind,
            inner: Arc::downgrade(inner),
        });
        let guard = Subscription::new(Arc::downgrade(&node) as Weak<dyn Cancel>);
        entry.subscriptions.add(node);
        inner.refresh(kind);
        guard
    }
}

impl<W> fmt::Debug for SubscriptionBuilder<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionBuilder")
            .field("priority", &self.priority)
            .field("once", &self.once)
            .finish_non_exhaustive()
    }
}
