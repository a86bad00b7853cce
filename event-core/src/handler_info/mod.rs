//! The identity and the description of a handler or a subscription.

pub(crate) mod spec;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::Location;
use std::time::Duration;

use crate::handler_info::spec::{ExecutorKind, FunctionId, HandlerDeclaration, InTransaction};
use crate::queue::Declared;
use crate::retry::RetryPolicy;

/// Identifies and describes a handler or a runtime subscription, in reports, logs and observers, and
/// where a dispatcher lists its [handlers](crate::Dispatcher::handlers_of).
///
/// Two values are equal when they name the same place in the source. `Display` writes `shop_sales::count
/// (src/lib.rs:12)`.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::handler::DeliveryKind;
/// use event_core::{Dispatcher, Event, handler};
///
/// #[derive(Event)]
/// struct OrderPlaced { total_cents: u64 }
///
/// #[handler(priority = 5, filter = is_large)]
/// fn call_customer(_event: &OrderPlaced) -> Result<(), String> {
///     Err("nobody picks up".to_owned())
/// }
///
/// fn is_large(event: &OrderPlaced) -> bool { event.total_cents > 10_000 }
///
/// let dispatcher = Dispatcher::builder().build()?;
/// let report = dispatcher.emit(OrderPlaced { total_cents: 20_000 });
/// let handler = report.failures()[0].handler().expect("a handler failed");
/// assert!(handler.is(call_customer));
/// assert_eq!(handler.priority(), 5);
/// assert_eq!(handler.filter(), Some("is_large"));
/// assert_eq!(handler.delivery(), DeliveryKind::Inline);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[derive(Clone, Copy)]
pub struct HandlerInfo(Source);

/// Where the description comes from.
#[derive(Clone, Copy)]
enum Source {
    Handler(&'static HandlerDeclaration),
    Subscription(SubscriptionDeclaration),
}

/// What is known about a subscription.
#[derive(Clone, Copy)]
pub(crate) struct SubscriptionDeclaration {
    /// The path of the closure.
    pub(crate) name: &'static str,
    pub(crate) at: &'static Location<'static>,
    pub(crate) priority: i32,
    pub(crate) delivery: DeliveryKind,
    pub(crate) queue: Option<&'static Declared>,
    /// Returns the path of the filter.
    pub(crate) filter: Option<fn() -> &'static str>,
    pub(crate) retry: Option<RetryPolicy>,
}

/// Where a handler or a subscription runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeliveryKind {
    /// On the emitter's stack, before `emit` returns.
    Inline,
    /// As a future: inside of an `emit_async`, or as a task after `emit`.
    Async,
    /// On a thread or in a task that serves a [`Queue`](crate::queue::Queue).
    Queued,
    /// Where the owner of the value pumps a [`LocalQueue`](crate::queue::LocalQueue).
    Local,
    /// From an outbox, which stored it in the transaction of its event; also after a crash.
    Durable,
    /// In the transaction that emits the event, before it is committed.
    BeforeCommit,
    /// In no code of a handler: a [`stream`](crate::Dispatcher::stream) holds the event for its owner.
    Stream,
}

impl HandlerInfo {
    pub(crate) fn of_handler(declaration: &'static HandlerDeclaration) -> Self {
        Self(Source::Handler(declaration))
    }

    pub(crate) fn of_subscription(declaration: SubscriptionDeclaration) -> Self {
        Self(Source::Subscription(declaration))
    }

    /// Returns the Rust path of the function, or that of the closure for a subscription. It is for people
    /// and for sorting; it is never stored.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.0 {
            Source::Handler(handler) => handler.function.name(),
            Source::Subscription(subscription) => subscription.name,
        }
    }

    /// Returns the source file.
    #[must_use]
    pub fn file(&self) -> &'static str {
        match self.0 {
            Source::Handler(handler) => handler.spec.file,
            Source::Subscription(subscription) => subscription.at.file(),
        }
    }

    /// Returns the line in [`file`](Self::file).
    #[must_use]
    pub fn line(&self) -> u32 {
        match self.0 {
            Source::Handler(handler) => handler.spec.line,
            Source::Subscription(subscription) => subscription.at.line(),
        }
    }

    /// Returns the module path of a handler; empty for a subscription.
    #[must_use]
    pub fn module(&self) -> &'static str {
        self.handler().map_or("", |handler| handler.spec.module)
    }

    /// Whether this is a runtime subscription and not a linked handler.
    #[must_use]
    pub fn is_subscription(&self) -> bool {
        self.handler().is_none()
    }

    /// Whether this is the handler that a function is: `handler.is(send_receipt)`, or
    /// `handler.is(Mailer::welcome)` for a method. It is `false` for every subscription.
    #[must_use]
    pub fn is<F: Copy + 'static>(&self, function: F) -> bool {
        let function = FunctionId::of(function);
        self.handler()
            .is_some_and(|handler| handler.function.id == function.id)
    }

    /// Returns the priority; lower runs first, and the default is 0.
    #[must_use]
    pub fn priority(&self) -> i32 {
        match self.0 {
            Source::Handler(handler) => handler.spec.priority,
            Source::Subscription(subscription) => subscription.priority,
        }
    }

    /// Returns where the handler or the subscription runs.
    #[must_use]
    pub fn delivery(&self) -> DeliveryKind {
        let handler = match self.0 {
            Source::Handler(handler) => handler,
            Source::Subscription(subscription) => return subscription.delivery,
        };
        match handler.spec.executor_kind() {
            ExecutorKind::Inline => DeliveryKind::Inline,
            ExecutorKind::Async => DeliveryKind::Async,
            ExecutorKind::Queued if self.declared_queue().is_some_and(|queue| queue.local) => {
                DeliveryKind::Local
            }
            ExecutorKind::Queued => DeliveryKind::Queued,
            ExecutorKind::Durable => DeliveryKind::Durable,
            ExecutorKind::BeforeCommit => DeliveryKind::BeforeCommit,
        }
    }

    /// Returns the name of the queue that the deliveries of the handler or the subscription wait in.
    #[must_use]
    pub fn queue(&self) -> Option<&'static str> {
        Some(self.declared_queue()?.name)
    }

    /// Returns the path of the handler's filter, as its attribute names it. For a subscription it is the path
    /// of the closure or function, of the first one if it has several.
    #[must_use]
    pub fn filter(&self) -> Option<&'static str> {
        match self.0 {
            Source::Handler(handler) => handler.spec.filter,
            Source::Subscription(subscription) => subscription.filter.map(|path| path()),
        }
    }

    /// Returns the text of the doc comments above a handler's function.
    #[must_use]
    pub fn documentation(&self) -> Option<&'static str> {
        self.handler()?.spec.documentation
    }

    /// Returns the pattern of a catch-all, which sees the events whose declared names match. `None` for a
    /// handler of one event type, and for a catch-all of every event.
    #[must_use]
    pub fn pattern(&self) -> Option<&'static str> {
        self.handler()?.pattern
    }

    /// Returns how long a call of an async handler may take, if it has a limit.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.handler()?.spec.timeout
    }

    /// Returns how many tasks an async handler may have at once, if its attribute says it.
    #[must_use]
    pub fn concurrency(&self) -> Option<u32> {
        self.handler()?.spec.concurrency
    }

    /// Returns how often a failed delivery is tried again, if it is.
    #[must_use]
    pub fn retry(&self) -> Option<RetryPolicy> {
        self.retry_policy().copied()
    }

    /// Returns the id under which an outbox stores the deliveries of a durable handler.
    #[must_use]
    pub fn id(&self) -> Option<&'static str> {
        match self.handler()?.spec.transaction? {
            InTransaction::Durable { id, .. } => Some(id),
            InTransaction::BeforeCommit => None,
        }
    }

    /// Returns the earlier ids of a durable handler: deliveries that were stored under them are its own.
    #[must_use]
    pub fn aliases(&self) -> &'static [&'static str] {
        let transaction = self.handler().and_then(|handler| handler.spec.transaction);
        match transaction {
            Some(InTransaction::Durable { aliases, .. }) => aliases,
            _ => &[],
        }
    }

    pub(crate) fn retry_policy(&self) -> Option<&RetryPolicy> {
        match &self.0 {
            Source::Handler(handler) => handler.spec.retry.as_ref(),
            Source::Subscription(subscription) => subscription.retry.as_ref(),
        }
    }

    /// Returns the declaration of a handler; `None` for a subscription.
    fn handler(&self) -> Option<&'static HandlerDeclaration> {
        match self.0 {
            Source::Handler(handler) => Some(handler),
            Source::Subscription(_) => None,
        }
    }

    fn declared_queue(&self) -> Option<&'static Declared> {
        match self.0 {
            Source::Handler(handler) => Some(handler.spec.queue?().declared()),
            Source::Subscription(subscription) => subscription.queue,
        }
    }

    /// Returns what distinguishes one handler or subscription from another.
    fn key(&self) -> (&'static str, &'static str, u32, bool) {
        let is_subscription = self.is_subscription();
        (self.name(), self.file(), self.line(), is_subscription)
    }
}

impl PartialEq for HandlerInfo {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for HandlerInfo {}

impl Hash for HandlerInfo {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for HandlerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.name(), self.file(), self.line())
    }
}

impl fmt::Debug for HandlerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl DeliveryKind {
    /// Returns one word for labels and fields: `inline`, `async`, `queued`, `local`, `durable`,
    /// `before_commit`, `stream`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Async => "async",
            Self::Queued => "queued",
            Self::Local => "local",
            Self::Durable => "durable",
            Self::BeforeCommit => "before_commit",
            Self::Stream => "stream",
        }
    }
}

impl fmt::Display for DeliveryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
