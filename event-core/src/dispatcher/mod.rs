//! The dispatcher: an ordinary value that hands events to their handlers.

mod builder;
mod cascade;
pub(crate) mod depth;
pub(crate) mod emission;
mod emit;
mod full;
mod handle;
pub(crate) mod inner;
pub(crate) mod roster;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub use self::builder::DispatcherBuilder;
pub(crate) use self::cascade::Caused;
pub use self::handle::DispatcherHandle;

use self::cascade::Root;
use self::inner::Inner;
use crate::error::{InstallError, TryEmitError};
use crate::event::{EmitsNow, Event};
use crate::global::{self, Entered};
use crate::handler::Outcome;
use crate::observer::{Observation, Observer};
use crate::pending::PendingEvents;
use crate::report::Report;
use crate::subscription::{Subscription, SubscriptionOptions};

/// Hands each event to everyone who handles it.
///
/// Made by [`builder`](Self::builder), which starts from every handler the linker found, or
/// by [`empty`](Self::empty), which starts from none. It is an ordinary value: clones share
/// one dispatcher, and two dispatchers of one process never see each other's events.
///
/// # Order
///
/// Handlers of one event run one after another on the emitter's thread: repeatedly the one
/// with the lowest (priority, path, line) among those whose `after` have ended. Never in link
/// order. Events that handlers cause are emitted, first in first out, after every handler of
/// the current event has run.
///
/// # Failures
///
/// An error or a panic of one handler reaches no other and not the emitter; it is in the
/// [`Report`], and logged. Under `panic = "abort"` a panic ends the process.
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
    inner: Arc<Inner>,
}

impl Dispatcher {
    /// Starts a dispatcher with every linked handler.
    pub fn builder() -> DispatcherBuilder {
        DispatcherBuilder::new(true)
    }

    /// Starts a dispatcher without any handler: for runtime subscriptions alone, and for
    /// tests that add one [`module`](DispatcherBuilder::module) after another.
    pub fn empty() -> DispatcherBuilder {
        DispatcherBuilder::new(false)
    }

    pub(crate) fn from_inner(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// Emits an event: runs its handlers now, then emits what they caused, and so on.
    ///
    /// Never blocks by itself, and never panics because of a handler. Emitting to nobody is
    /// legal and nearly free. Inside a handler it starts a root of its own, which runs at
    /// once; return the event instead to have it run after the other handlers.
    #[inline]
    pub fn emit<E>(&self, event: E) -> Report
    where
        E: Event + EmitsNow<E::Durability>,
    {
        emit::emit(&self.inner, event)
    }

    /// Emits an event, and ends at the first failure: no further handler runs, and nothing
    /// more is emitted, at every level of the cascade. The same as Django's `send`.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// #[derive(Event)]
    /// struct FormSent { name: String }
    ///
    /// #[handler]
    /// fn check(event: &FormSent) -> Result<(), &'static str> {
    ///     if event.name.is_empty() { Err("a name is missing") } else { Ok(()) }
    /// }
    ///
    /// let dispatcher = Dispatcher::builder().build()?;
    /// assert!(dispatcher.try_emit(FormSent { name: "Ada".to_owned() }).is_ok());
    ///
    /// let error = dispatcher.try_emit(FormSent { name: String::new() }).unwrap_err();
    /// assert!(error.to_string().ends_with("a name is missing"));
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The first failure, with the report of what had happened until then.
    pub fn try_emit<E>(&self, event: E) -> Result<Report, TryEmitError>
    where
        E: Event + EmitsNow<E::Durability>,
    {
        let report = emit::emit_full(&self.inner, event, Root::fail_fast());
        if report.is_ok() {
            Ok(report)
        } else {
            Err(TryEmitError::new(report))
        }
    }

    /// Emits recorded events as one root: all of them, in order, before anything they cause.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::{Dispatcher, Event, PendingEvents};
    ///
    /// #[derive(Event)]
    /// struct ItemAdded;
    ///
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let pending: PendingEvents = (0..3).map(|_| ItemAdded).collect();
    /// assert_eq!(dispatcher.emit_all(pending).events(), 3);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    #[allow(clippy::must_use_candidate, reason = "a report may be ignored")]
    pub fn emit_all(&self, pending: PendingEvents) -> Report {
        let mut root = Root::default();
        let entered = match pending.events.first() {
            None => Ok(0),
            Some(first) => depth::root(&self.inner, first.info()),
        };
        root.record(pending.events, entered.unwrap_or_default());
        match entered {
            Ok(_) => root.run_caused(&self.inner),
            Err(refusal) => {
                root.refuse(refusal);
                root.leave_the_rest();
            }
        }
        root.into_report()
    }

    /// Adds a handler at run time; the closure may return whatever a handler of `E` may.
    ///
    /// Strong: it lives until the guard is dropped, whatever it captures. One that captures a
    /// clone of the dispatcher keeps it alive for ever if it is detached; capture a
    /// [`handle`](Self::handle) instead. An emission that
    /// has started does not see it. A closure handles one event type; a handler of every event
    /// is written as a function with `#[handler]`. See [`subscription`](Self::subscription) for one call
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
        E: Event,
        R: Outcome<E>,
        F: Fn(&E) -> R + Send + Sync + 'static,
    {
        self.subscription().subscribe(handler)
    }

    /// Starts a subscription with options.
    pub fn subscription(&self) -> SubscriptionOptions<'_> {
        SubscriptionOptions::new(self)
    }

    /// Adds an observer until the guard is dropped.
    pub fn observe(&self, observer: impl Observer) -> Observation {
        let observer: Arc<dyn Observer> = Arc::new(observer);
        self.inner
            .change_observers(|all| all.push(Arc::clone(&observer)));
        Observation {
            inner: Arc::downgrade(&self.inner),
            observer: Some(observer),
        }
    }

    /// How many calls of observers panicked.
    #[must_use]
    pub fn observer_panics(&self) -> u64 {
        self.inner.observer_panics.load(Ordering::Relaxed)
    }

    /// A handle that does not keep the dispatcher alive: for code that the dispatcher owns, such
    /// as subscriptions that emit.
    #[must_use]
    pub fn handle(&self) -> DispatcherHandle {
        self.inner.handle()
    }

    /// Makes this the dispatcher of [`event_core::emit`](crate::emit) in the whole process.
    ///
    /// # Errors
    ///
    /// There is one already.
    pub fn install(&self) -> Result<(), InstallError> {
        global::install(self)
    }

    /// Makes this the dispatcher of [`event_core::emit`](crate::emit) on this thread, until
    /// the guard is dropped.
    pub fn enter(&self) -> Entered {
        Entered::new(self)
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher").finish_non_exhaustive()
    }
}
