//! Builds a dispatcher: chooses its handlers and provides the values that they take.
//!
//! The file is long, since it is one list of settings, most of them documentation.

use std::any::{TypeId, type_name};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::SystemTime;

use crate::build::queues::QueueChoices;
use crate::build::selection::Selection;
use crate::build::transactions;
use crate::build::wire;
use crate::dispatcher::Dispatcher;
use crate::dispatcher::handle::DispatcherHandle;
use crate::dispatcher::handle_promise::HandlePromise;
use crate::dispatcher::outbox::Outbox;
use crate::engine::failure_log;
use crate::engine::owner::DispatcherOwner;
use crate::engine::plan::flags;
use crate::engine::plan::provided::Provided;
use crate::engine::state::{DispatcherState, OnFailure, Parts};
use crate::handler::param::Dependency;
use crate::log;
use crate::meta::clock::Clock;
use crate::meta::source::MetaSource;
use crate::nesting::{self, NestingLimits};
use crate::observer::{self, Observer};
use crate::panics;
use crate::prehashed::ByType;
use crate::problem::BuildError;
use crate::problem::{Problem, ProblemKind};
use crate::queue::{AnyQueue, Overflow, QueueSettings};
use crate::runtime::Runtime;
use crate::spans::Spans;
use crate::type_name::short;

/// Builds a [`Dispatcher`]: chooses its handlers and provides the values that they take.
///
/// # Examples
///
/// ```standalone_crate
/// use std::sync::Mutex;
/// use event_core::{Dispatcher, Event, handler};
///
/// #[derive(Event)]
/// struct OrderPlaced { total_cents: u64 }
///
/// #[derive(Default)]
/// struct Sales(Mutex<u64>);
///
/// #[handler]
/// fn count_sales(event: &OrderPlaced, sales: &Sales) {
///     *sales.0.lock().unwrap() += event.total_cents;
/// }
///
/// #[handler]
/// fn send_receipt(_event: &OrderPlaced) {
///     unreachable!("left out below");
/// }
///
/// let dispatcher = Dispatcher::builder()
///     .provide(Sales::default())
///     .without(send_receipt)
///     .build()?;
/// assert!(dispatcher.emit(OrderPlaced { total_cents: 995 }).is_ok());
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[must_use = "a builder does nothing until `.build()`"]
pub struct DispatcherBuilder {
    pub(crate) selection: Selection,
    provided: Provided,
    /// The place in the source where each value was provided.
    given: ByType<&'static Location<'static>>,
    pub(super) name: Option<Arc<str>>,
    pub(super) observers: Vec<Arc<dyn Observer>>,
    pub(super) spans: Spans,
    limits: NestingLimits,
    runtime: Option<Runtime>,
    clock: Arc<dyn Clock>,
    queues: QueueChoices,
    pub(super) on_failure: Option<OnFailure>,
    pub(super) outbox: Option<Arc<dyn Outbox>>,
    promise: HandlePromise,
    problems: Vec<Problem>,
}

impl DispatcherBuilder {
    pub(crate) fn of_linked(linked: bool) -> Self {
        Self {
            selection: Selection::new(linked),
            provided: Provided::default(),
            given: ByType::default(),
            name: None,
            observers: Vec::new(),
            spans: Spans::default(),
            limits: NestingLimits {
                depth: 256,
                nesting: 64,
                count: 10_000,
            },
            runtime: None,
            clock: Arc::new(SystemTime::now),
            queues: QueueChoices::default(),
            on_failure: None,
            outbox: None,
            promise: HandlePromise::default(),
            problems: Vec::new(),
        }
    }

    /// Provides a value that handlers take as `&T`.
    ///
    /// The value lives as long as the dispatcher. [`build`](Self::build) reports a second value of the
    /// same type as a problem.
    #[track_caller]
    pub fn provide<T: Dependency>(self, value: T) -> Self {
        self.provide_arc(Arc::new(value))
    }

    /// Provides a shared value. After `provide_arc::<dyn Mailer>(arc)` handlers take `&dyn Mailer`.
    #[track_caller]
    pub fn provide_arc<T: Dependency + ?Sized>(mut self, value: Arc<T>) -> Self {
        let at = Location::caller();
        if let Some(first) = self.given.get(&TypeId::of::<T>()) {
            self.problems.push(
                Problem::new(
                    ProblemKind::ProvidedTwice,
                    format!("two values of type `{}` are provided", type_name::<T>()),
                )
                .at(first.file(), first.line())
                .at(at.file(), at.line())
                .help(format!(
                    "remove one, replace the first with `.override_with(…)`, or give the \
                         second a type of its own: `struct Second({});`",
                    short(type_name::<T>()),
                )),
            );
            return self;
        }
        self.keep(value, at);
        self
    }

    /// Replaces the provided value of the same type. It is for tests that use the builder of the program.
    /// If there is no value to replace, [`build`](Self::build) reports a problem.
    #[track_caller]
    pub fn override_with<T: Dependency>(self, value: T) -> Self {
        self.override_arc(Arc::new(value))
    }

    /// Replaces the provided value of the same type with a shared one.
    #[track_caller]
    pub fn override_arc<T: Dependency + ?Sized>(mut self, value: Arc<T>) -> Self {
        let at = Location::caller();
        if !self.given.contains_key(&TypeId::of::<T>()) {
            self.problems.push(
                Problem::new(
                    ProblemKind::NothingToOverride,
                    format!(
                        "`{}` is overridden, but no value of the type was provided before",
                        type_name::<T>()
                    ),
                )
                .at(at.file(), at.line())
                .help("use `.provide(…)`"),
            );
        }
        self.keep(value, at);
        self
    }

    fn keep<T: Dependency + ?Sized>(&mut self, value: Arc<T>, at: &'static Location<'static>) {
        self.provided.insert(value);
        self.given.insert(TypeId::of::<T>(), at);
    }

    /// The most causes that may lie between an event and its root; the default is 256. Emits that
    /// handlers make themselves count, too. With a limit of 0 handlers cannot cause any event.
    pub fn depth_limit(mut self, limit: u32) -> Self {
        self.limits.depth = limit.min(nesting::MOST);
        self
    }

    /// The most emits that may run inside each other on one thread, with the outermost one. The default
    /// is 64. The limit is at least 1, with which handlers cannot emit themselves. Events that handlers
    /// return, or give to an [`Emitter`](crate::Emitter), are emitted after the handlers and not inside
    /// of them.
    ///
    /// Emits inside each other use the stack, and a stack overflow ends the process. In a debug build a
    /// level takes up to 20 KiB, with the future of an async handler, beside what the handler itself
    /// uses. So 64 levels leave 12 KiB to each handler on a stack of 2 MiB, which threads of Rust and
    /// workers of tokio have. Set a lower limit where stacks are smaller.
    pub fn nesting_limit(mut self, limit: u32) -> Self {
        self.limits.nesting = limit.max(1);
        self
    }

    /// The most events that one root may cause; the default is 10,000. Events recorded in
    /// [`PendingEvents`](crate::PendingEvents) do not count. The limit also applies to the emits that the
    /// handlers of one event make themselves, with all that those emits cause.
    pub fn count_limit(mut self, limit: usize) -> Self {
        self.limits.count = limit;
        self
    }

    /// The runtime that async handlers and queues run on. The default is the runtime in which
    /// [`build`](Self::build) is called.
    ///
    /// After the runtime has ended, deliveries that would run on it are abandoned. Each `#[tokio::test]`
    /// has a runtime that ends with the test, so a dispatcher that several tests share needs one that
    /// outlives them.
    #[cfg(feature = "tokio")]
    pub fn runtime(mut self, handle: tokio::runtime::Handle) -> Self {
        self.runtime = Some(Runtime::new(handle));
        self
    }

    /// The clock that tells the time of emissions; the default is the system's clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Changes the settings of a queue from those of its declaration.
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::Dispatcher;
    /// use event_core::queue::{Overflow, Queue};
    ///
    /// static MAIL: Queue = Queue::new("mail");
    ///
    /// let builder = Dispatcher::builder()
    ///     .configure(&MAIL, |mail| mail.capacity(10).overflow(Overflow::Reject));
    /// # assert!(builder.build().is_ok());
    /// ```
    ///
    /// # Panics
    ///
    /// If `change` panics, as it does for a capacity or a number of consumers of 0.
    #[track_caller]
    pub fn configure(
        mut self,
        queue: &'static impl AnyQueue,
        change: impl FnOnce(QueueSettings) -> QueueSettings,
    ) -> Self {
        let at = Location::caller();
        let declared = queue.declared();
        let settings = change(self.queues.settings(declared));
        if declared.local && (settings.overflow == Overflow::Wait || settings.consumers != 1) {
            self.problems.push(
                Problem::new(
                    ProblemKind::QueueSettings,
                    format!(
                        "queue `{}` is pumped by one thread, and can neither let emitters wait nor \
                         have consumers",
                        declared.name
                    ),
                )
                .at_named(declared.at.file(), declared.at.line(), declared.name)
                .at(at.file(), at.line())
                .help(
                    "choose `.overflow(Overflow::Reject)`, `DropOldest` or `DropNewest`, and leave \
                     out `.consumers(…)`",
                ),
            );
        }
        self.queues.settings.push((declared, settings));
        self
    }

    /// Gives the dispatcher a queue for [subscriptions](crate::dispatcher::SubscriptionBuilder::queue), whether or not a
    /// handler names it.
    ///
    /// Threads serve a [`Queue`](crate::queue::Queue) that is named here, even if all its handlers are `async fn`s:
    /// the closure of a subscription may block. The threads start with the first delivery.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use event_core::queue::Queue;
    /// use event_core::{Dispatcher, Event};
    ///
    /// static MAIL: Queue = Queue::new("mail");
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced { order_id: u64 }
    ///
    /// let runtime = tokio::runtime::Runtime::new()?;
    /// let builder = Dispatcher::empty().runtime(runtime.handle().clone());
    /// let dispatcher = builder.queue(&MAIL).build()?;
    /// let sending = dispatcher
    ///     .subscription_builder()
    ///     .queue(&MAIL)
    ///     .subscribe(|order: &OrderPlaced| println!("receipt for order {}", order.order_id));
    /// assert_eq!(dispatcher.emit(OrderPlaced { order_id: 7 }).handed_over(), 1);
    /// runtime.block_on(dispatcher.queue(&MAIL)?.join());
    /// assert_eq!(dispatcher.queue(&MAIL)?.counts().done, 1);
    /// # drop(sending);
    /// # Ok(()) }
    /// # #[cfg(not(feature = "tokio"))] fn main() {}
    /// ```
    #[track_caller]
    pub fn queue(mut self, queue: &'static impl AnyQueue) -> Self {
        self.queues.named.push((queue, Location::caller()));
        self
    }

    /// Returns a weak handle to the dispatcher that will be built, for services that are provided to it.
    #[must_use]
    pub fn handle(&self) -> DispatcherHandle {
        DispatcherHandle::awaiting(Arc::clone(&self.promise.0))
    }

    /// Wires the program.
    ///
    /// # Errors
    ///
    /// Every problem of the wiring at once, each with its place and its fix.
    pub fn build(mut self) -> Result<Dispatcher, BuildError> {
        if self
            .outbox
            .as_ref()
            .is_some_and(|outbox| outbox.is_attached())
        {
            self.problems.push(transactions::taken());
        }
        let observed = self.spans.are_on() || !self.observers.is_empty();
        let watch = flags::of_dispatcher(observed, observer::keep_events(&self.observers));
        let runtime = self.runtime.or_else(Runtime::current);
        let wired = wire(
            self.name.as_deref(),
            &self.selection,
            &self.provided,
            runtime.as_ref(),
            &self.queues,
            self.outbox.as_ref().map(|outbox| outbox.lends()),
            self.problems,
            watch,
        );
        let mut provided = self.provided;
        let wired = match wired {
            Ok(wired) => wired,
            Err(error) => {
                // A panic in the `Drop` of a mock would hide the error of the build.
                let owners = provided.take_owners();
                owners.into_iter().for_each(panics::drop_caught);
                return Err(error);
            }
        };
        provided.leave_to_handlers();
        let left_out = wired.left_out;
        let inner = DispatcherState::new(Parts {
            table: wired.table,
            generic: wired.generic,
            catch_alls: wired.catch_alls,
            name: self.name,
            handlers: wired.handlers,
            observers: self.observers,
            needs_meta: wired.needs_meta,
            meta_source: MetaSource::new(self.clock),
            spans: self.spans,
            runtime,
            queues: wired.queues,
            executors: wired.executors,
            on_failure: self
                .on_failure
                .unwrap_or_else(|| Box::new(failure_log::unheard)),
            provided,
            limits: self.limits,
        });
        self.promise.keep(&inner);
        log::wired(
            inner.name().map(|name| &**name),
            inner.event_kinds().len(),
            inner.count_handlers(),
            inner.queues.len(),
            left_out,
        );
        let dispatcher = Dispatcher::of(DispatcherOwner::new(inner));
        if let Some(outbox) = self.outbox {
            outbox.attach(dispatcher.handle());
        }
        Ok(dispatcher)
    }
}

impl fmt::Debug for DispatcherBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DispatcherBuilder")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
