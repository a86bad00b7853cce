//! Subscriptions with options.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::{Arc, Weak};

use crate::dispatcher::Dispatcher;
use crate::dispatcher::subscription::Subscription;
use crate::dispatcher::subscription::arguments::{ParamBehind, TargetBehind};
use crate::dispatcher::subscription::conditions::Selects;
use crate::dispatcher::subscription::late::conclude_async;
use crate::dispatcher::subscription::queue_traits::{LendsNothing, RunsAsync};
use crate::dispatcher::subscription::queued::ChosenQueue;
use crate::engine::emission::Emission;
use crate::engine::emission::ending::Ending;
use crate::engine::plan::bound::Received as _;
use crate::engine::plan::handlers::EventType;
use crate::engine::plan::subscription::conditions::Conditions;
use crate::engine::plan::subscription::inline::{Cancel, InlineSubscription, Target};
use crate::engine::plan::subscription::state::State;
use crate::event::{Event, Handled};
use crate::handler::bind::BoundParam;
use crate::handler::bind_async::Conclusion;
use crate::handler::outcome::{Deferred, Effects, Outcome};
use crate::handler::param::{Param, Resolver};
use crate::handler_info::{DeliveryKind, HandlerInfo, SubscriptionDeclaration};
use crate::retry::RetryPolicy;

/// A subscription with options: made by [`Dispatcher::subscription_builder`], and added by `subscribe`.
///
/// The options are set before the subscription exists, so that no emission on another thread sees it
/// without them. `W` are its [weak](Self::weak) targets, `P` its [parameters](Self::param), `S` is its event
/// once a [condition](Self::filter) names it, and `Q` is the type of its [queue](Self::queue).
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
pub struct SubscriptionBuilder<'d, W = (), S = (), P = (), Q = ()> {
    pub(crate) dispatcher: &'d Dispatcher,
    pub(crate) options: Options,
    pub(crate) targets: W,
    pub(crate) params: P,
    pub(crate) conditions: Conditions<S>,
    pub(crate) queue: PhantomData<fn(Q)>,
}

/// The options that need no type.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    priority: i32,
    pub(crate) once: bool,
    pub(crate) queue: Option<ChosenQueue>,
    /// Returns the path of the first filter.
    pub(crate) filter: Option<fn() -> &'static str>,
    pub(crate) retry: Option<RetryPolicy>,
}

impl Options {
    /// Describes a subscription whose closure is an `F`.
    pub(crate) fn info<F>(
        &self,
        at: &'static Location<'static>,
        delivery: DeliveryKind,
    ) -> HandlerInfo {
        HandlerInfo::of_subscription(SubscriptionDeclaration {
            name: type_name::<F>(),
            at,
            priority: self.priority,
            delivery,
            queue: self.queue.map(|queue| queue.declared),
            filter: self.filter,
            retry: self.retry,
        })
    }
}

impl<'d> SubscriptionBuilder<'d> {
    pub(crate) fn new(dispatcher: &'d Dispatcher) -> Self {
        Self {
            dispatcher,
            options: Options::default(),
            targets: (),
            params: (),
            conditions: Conditions::default(),
            queue: PhantomData,
        }
    }
}

impl<'d, W, S, P, Q> SubscriptionBuilder<'d, W, S, P, Q> {
    /// Ends the subscription with its first call: the closure is called at most once, whatever the number
    /// of threads that emit. A delivery that ends before its call, such as one that the
    /// [filter](Self::filter) skips or whose task is abandoned, leaves the call to the next emission. With
    /// [`retry`](Self::retry), all calls are attempts of one delivery.
    pub fn once(mut self) -> Self {
        self.options.once = true;
        self
    }

    /// Sets the priority; lower runs first, and the default is 0. Among equals, handlers run before
    /// subscriptions, unless their `after` makes them wait, and subscriptions in the order in which they
    /// were made. There is one such order for all that run inline, and one for all others: async
    /// handlers, async subscriptions, queues and streams.
    pub fn priority(mut self, priority: i32) -> Self {
        self.options.priority = priority;
        self
    }

    /// Ties the subscription to `target`: the closure is called with it, and the subscription ends with
    /// it.
    ///
    /// A subscription has up to four targets. The closure takes them first, in the order of the calls of
    /// `weak`, and is not called once one of them is dropped. A target is kept alive during a call, not
    /// between calls. After a target is dropped, the next emission of the event removes the subscription, or
    /// one of the next subscriptions to the event does.
    ///
    /// A target may be a trait object. A closure that writes its type writes `&(dyn Notify + 'static)`, and one
    /// that leaves the type out is shorter.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use event_core::{Dispatcher, Event};
    ///
    /// #[derive(Event)]
    /// struct BellRung;
    ///
    /// trait Notify: Send + Sync {
    ///     fn notify(&self, text: &str);
    /// }
    ///
    /// impl Notify for Mutex<String> {
    ///     fn notify(&self, text: &str) {
    ///         self.lock().expect("not poisoned").push_str(text);
    ///     }
    /// }
    ///
    /// let (name, screen) = (Arc::new("door".to_owned()), Arc::new(Mutex::new(String::new())));
    /// let notify: Arc<dyn Notify> = screen.clone();
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let telling = dispatcher.subscription_builder().weak(&name).weak(&notify).subscribe(
    ///     |name, notify, _: &BellRung| notify.notify(name),
    /// );
    /// dispatcher.emit(BellRung);
    /// assert_eq!(*screen.lock().expect("not poisoned"), "door");
    /// drop(name);
    /// assert!(!telling.is_active());
    /// assert_eq!(dispatcher.emit(BellRung).done(), 0);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    pub fn weak<T>(self, target: &Arc<T>) -> SubscriptionBuilder<'d, T::Targets, S, P, Q>
    where
        T: TargetBehind<W> + ?Sized + Send + Sync + 'static,
    {
        SubscriptionBuilder {
            dispatcher: self.dispatcher,
            options: self.options,
            targets: T::join(self.targets, Arc::downgrade(target)),
            params: self.params,
            conditions: self.conditions,
            queue: PhantomData,
        }
    }

    /// Lets the closure take a parameter behind the event, by value, as a handler takes it: the
    /// [`Meta`](crate::Meta) of the event, a [`Context`](crate::Context), an [`Emitter`](crate::Emitter), a
    /// [`DispatcherHandle`](crate::dispatcher::DispatcherHandle), or a [`Param`] of your own.
    ///
    /// A subscription has up to three parameters. The closure takes them last, in the order of the calls of
    /// `param`. They are made for each delivery; if one refuses it, the closure is not called, and the delivery
    /// fails. From the first subscription with a `Meta` on, the dispatcher stamps every event with one.
    ///
    /// # Panics
    ///
    /// The parameter needs a value that was not provided to the dispatcher.
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::{Context, Dispatcher, Event, Meta};
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// struct Tenant(&'static str);
    ///
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let noting = dispatcher.subscription_builder().param::<Meta>().param::<Context<Tenant>>().subscribe(
    ///     |_: &OrderPlaced, meta: Meta, tenant: Context<Tenant>| {
    ///         println!("{}: {:?}", tenant.0, meta.time());
    ///     },
    /// );
    /// assert_eq!(dispatcher.with(Tenant("north")).emit(OrderPlaced).done(), 1);
    /// assert_eq!(dispatcher.emit(OrderPlaced).failed(), 1);
    /// # drop(noting);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    #[track_caller]
    pub fn param<A: Param + ParamBehind<P>>(self) -> SubscriptionBuilder<'d, W, S, A::Params, Q> {
        let inner = self.dispatcher.inner();
        let mut resolver = Resolver::new(inner.provided(), &|_| false);
        let Some(state) = A::resolve(&mut resolver) else {
            panic!(
                "`{}` needs a value that was not provided to the dispatcher; add `.provide(…)` to its builder",
                type_name::<A>()
            );
        };
        if resolver.makes_meta() {
            inner.need_meta();
        }
        SubscriptionBuilder {
            dispatcher: self.dispatcher,
            options: self.options,
            targets: self.targets,
            params: A::join(self.params, BoundParam::new(state)),
            conditions: self.conditions,
            queue: PhantomData,
        }
    }
}

impl<S, Q: LendsNothing> SubscriptionBuilder<'_, (), S, (), Q> {
    /// Adds the subscription. The closure may return whatever a handler of `E` may return.
    #[track_caller]
    pub fn subscribe<E, R, F>(self, handler: F) -> Subscription
    where
        E: Handled,
        S: Selects<E>,
        R: Outcome<Q::Returning<E>>,
        F: Fn(&E) -> R + Send + Sync + 'static,
    {
        let at = Location::caller();
        self.add::<E, F>(at, None, move |event, emission| {
            handler(event).conclude(&mut Effects::new(&Ending::new(emission, event)));
            true
        })
    }

    pub(crate) fn add<E, F>(
        self,
        at: &'static Location<'static>,
        target: Option<Target>,
        call: impl Fn(&E, &Emission<'_>) -> bool + Send + Sync + 'static,
    ) -> Subscription
    where
        E: Event,
        S: Selects<E>,
    {
        if Q::IS_QUEUED {
            return self.add_queued::<E, F>(at, target, move |event, emission, _| {
                call(E::received(event), emission)
            });
        }
        let Options { priority, once, .. } = self.options;
        let inner = self.dispatcher.inner();
        let kind = EventType::<E>::KIND;
        let entry = inner.find_or_make(kind);
        let conditions = S::conditions(self.conditions);
        let state = if once || conditions.are_none() {
            State::new(once)
        } else {
            State::conditional()
        };
        let node = Arc::new(InlineSubscription {
            key: entry.subscriptions.key(priority),
            info: self.options.info::<F>(at, DeliveryKind::Inline),
            state,
            conditions,
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

impl<S, Q> SubscriptionBuilder<'_, (), S, (), Q> {
    /// Adds an async closure. Its future may return whatever a handler of `E` may return. See
    /// [`Dispatcher::subscribe_async`].
    #[track_caller]
    pub fn subscribe_async<E, R, F, Fut>(self, handler: F) -> Subscription
    where
        E: Handled,
        S: Selects<E>,
        Q: RunsAsync,
        R: Outcome<Deferred<E>> + 'static,
        F: Fn(Arc<E>) -> Fut + Send + Sync + 'static, // clone captures: move |e| { let x = x.clone(); async move { … } }
        Fut: Future<Output = R> + Send + 'static,
    {
        let at = Location::caller();
        self.add_late::<E, F>(at, None, move |event, _| {
            Ok(conclude_async(
                handler(event),
                const { &Conclusion::new(R::conclude, None) },
            ))
        })
    }
}

impl<W, S, P, Q> fmt::Debug for SubscriptionBuilder<'_, W, S, P, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionBuilder")
            .field("priority", &self.options.priority)
            .field("once", &self.options.once)
            .field(
                "queue",
                &self.options.queue.map(|queue| queue.declared.name),
            )
            .finish_non_exhaustive()
    }
}
