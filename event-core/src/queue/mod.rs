//! Queues in memory: bounded, served by threads or tasks, or pumped by the owner of a value.
//!
//! A queue is a `static`, shared by any number of handlers. The static is a declaration; the deliveries
//! that wait in it belong to a dispatcher, so that two dispatchers (two tests) never share a queue.
//!
//! ```standalone_crate
//! # #[cfg(feature = "tokio")] fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use event_core::queue::{Overflow, Queue};
//! use event_core::{Dispatcher, Event, handler};
//!
//! static MAIL: Queue = Queue::new("mail").capacity(100).overflow(Overflow::Wait);
//!
//! #[derive(Event)]
//! struct OrderPlaced { order_id: u64 }
//!
//! #[handler(queue = MAIL)]
//! fn send_receipt(event: &OrderPlaced) {
//!     println!("receipt for order {}", event.order_id);
//! }
//!
//! let runtime = tokio::runtime::Runtime::new()?;
//! let dispatcher = Dispatcher::builder().runtime(runtime.handle().clone()).build()?;
//! let report = dispatcher.emit(OrderPlaced { order_id: 7 });
//! assert_eq!(report.handed_over(), 1);
//!
//! let mail = dispatcher.queue(&MAIL)?;
//! runtime.block_on(mail.join());
//! assert_eq!(mail.counts().done, 1);
//! # Ok(()) }
//! # #[cfg(not(feature = "tokio"))] fn main() {}
//! ```
//!
//! # Guarantees
//!
//! A delivery that a queue accepted runs once, unless the overflow policy drops it, the process ends, or
//! a shutdown reaches its time limit; however it ends, it is counted. Deliveries of events whose `key`
//! has the same type and value run one after the other, in the order in which they were emitted; all
//! others may run concurrently. Queues do not survive the process.

pub(crate) mod account;
pub(crate) mod buffer;
pub(crate) mod local;

use std::panic::Location;
use std::sync::atomic::AtomicUsize;

pub use crate::dispatcher::local_queue::{
    LocalQueueHandle, QueueDeclaration, UnknownQueueError, WakeSetError,
};
pub use crate::engine::queue::handle::{QueueCounts, QueueHandle};
pub use crate::queue::local::LocalQueue;

/// What happens to a delivery that finds its queue full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overflow {
    /// It waits for capacity in [`emit_async`](crate::Dispatcher::emit_async),
    /// [`emit_blocking`](crate::Dispatcher::emit_blocking), and if another queued or detached handler
    /// caused it. [`emit`](crate::Dispatcher::emit) never waits: there the delivery is a failure, from
    /// which it can be [redelivered](crate::report::Failure::redeliver).
    Wait,
    /// It is rejected: a failure in the report, from which it can be
    /// [redelivered](crate::report::Failure::redeliver).
    Reject,
    /// The oldest delivery that waits is dropped, and the new one takes its place.
    DropOldest,
    /// It is dropped.
    DropNewest,
}

/// The declaration of a queue: a `static` that handlers name with `#[handler(queue = MAIL)]`.
///
/// By default it has a capacity of 1024 deliveries, one consumer, and lets emitters
/// [wait](Overflow::Wait). If all its handlers are `async fn`s it is served by tasks, otherwise by
/// threads named after it, so that a handler that blocks never stops the runtime. A
/// [builder](crate::dispatcher::DispatcherBuilder::configure) may change these settings. A dispatcher
/// with queued handlers needs a tokio runtime even if threads serve all of them, so that making one of
/// them `async` changes nothing else.
///
/// # Examples
///
/// ```
/// use event_core::queue::{Overflow, Queue};
///
/// static MAIL: Queue = Queue::new("mail").capacity(100).consumers(2).overflow(Overflow::DropOldest);
/// assert_eq!(MAIL.name(), "mail");
/// ```
#[derive(Debug)]
pub struct Queue {
    declared: Declared,
}

/// The settings of a queue's declaration.
#[doc(hidden)]
#[derive(Debug)]
pub struct Declared {
    pub(crate) name: &'static str,
    pub(crate) settings: QueueSettings,
    pub(crate) local: bool,
    pub(crate) at: &'static Location<'static>,
    /// Queues are distinguished by their addresses; a constant has none, and because of this field rustc
    /// refuses a constant.
    address: AtomicUsize,
}

/// The settings of a queue that a builder may change; see
/// [`configure`](crate::dispatcher::DispatcherBuilder::configure).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    pub(crate) capacity: usize,
    pub(crate) consumers: usize,
    pub(crate) overflow: Overflow,
}

impl QueueSettings {
    /// The default settings.
    pub(crate) const ONE: Self = Self {
        capacity: 1024,
        consumers: 1,
        overflow: Overflow::Wait,
    };

    /// Sets how many deliveries may wait.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[must_use]
    #[track_caller]
    pub const fn capacity(mut self, deliveries: usize) -> Self {
        assert!(
            deliveries > 0,
            "a queue needs capacity for a delivery: write `.capacity(1)` or more"
        );
        self.capacity = deliveries;
        self
    }

    /// Sets how many deliveries may run at once.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[must_use]
    #[track_caller]
    pub const fn consumers(mut self, consumers: usize) -> Self {
        assert!(
            consumers > 0,
            "a queue needs a consumer: write `.consumers(1)` or more"
        );
        self.consumers = consumers;
        self
    }

    /// Sets what happens to a delivery that finds the queue full.
    #[must_use]
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }
}

impl Queue {
    /// Declares a queue. The name is for people, logs and thread names, and unique in a program.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &'static str) -> Self {
        Self {
            declared: Declared::new(name, Overflow::Wait, false),
        }
    }

    /// Sets how many deliveries may wait; the default is 1024.
    ///
    /// # Panics
    ///
    /// If it is 0; in a `static` that is an error of the compiler.
    #[must_use]
    #[track_caller]
    pub const fn capacity(mut self, deliveries: usize) -> Self {
        self.declared.settings = self.declared.settings.capacity(deliveries);
        self
    }

    /// Sets how many deliveries may run at once; the default is 1.
    ///
    /// # Panics
    ///
    /// If it is 0; in a `static` that is an error of the compiler.
    #[must_use]
    #[track_caller]
    pub const fn consumers(mut self, consumers: usize) -> Self {
        self.declared.settings = self.declared.settings.consumers(consumers);
        self
    }

    /// Sets what happens to a delivery that finds the queue full; the default is [`Overflow::Wait`].
    #[must_use]
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.declared.settings = self.declared.settings.overflow(overflow);
        self
    }

    /// Returns the name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.declared.name
    }
}

impl Declared {
    #[track_caller]
    const fn new(name: &'static str, overflow: Overflow, local: bool) -> Self {
        Self {
            name,
            settings: QueueSettings::ONE.overflow(overflow),
            local,
            at: Location::caller(),
            address: AtomicUsize::new(0),
        }
    }

    /// Returns the id that distinguishes the queue from all others.
    pub(crate) fn id(&'static self) -> usize {
        std::ptr::from_ref(&self.address).addr()
    }
}

/// A queue that a handler can name: a [`Queue`] or a [`LocalQueue`]. Nothing outside of this crate can
/// implement it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a queue",
    label = "not a queue",
    note = "declare one: `static MAIL: Queue = Queue::new(\"mail\");`, with \
            `event_core::queue::Queue`"
)]
pub trait AnyQueue: sealed::Sealed + Send + Sync {
    #[doc(hidden)]
    fn declared(&'static self) -> &'static Declared;
}

/// A queue whose handlers may be `async fn`s: a [`Queue`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not serve `async` handlers",
    label = "not a queue for an `async fn`",
    note = "a `LocalQueue` runs its handlers inside of `pump`: write `fn` instead of `async fn`, \
            or use a `Queue`"
)]
pub trait ServesAsync: AnyQueue {}

/// A queue that tries failed deliveries again: a [`Queue`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not try failed deliveries again",
    label = "not a queue for a handler with `retry`",
    note = "a `LocalQueue` calls its handlers inside of `pump` alone, and nothing runs there when the next \
            attempt is due: remove `retry`, or use a `Queue`"
)]
pub trait Retries: AnyQueue {}

/// A queue whose consumer lends its handlers an `S`: a [`LocalQueue`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not lend a `&mut {S}`",
    label = "lends no `&mut {S}`",
    note = "declare `static UI: LocalQueue<{S}> = LocalQueue::new(\"ui\");`, or take `&{S}` as a \
            dependency"
)]
pub trait LendsMut<S>: AnyQueue {}

impl AnyQueue for Queue {
    fn declared(&'static self) -> &'static Declared {
        &self.declared
    }
}

impl ServesAsync for Queue {}

impl Retries for Queue {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Queue {}
    impl<S: 'static> Sealed for super::LocalQueue<S> {}
}
