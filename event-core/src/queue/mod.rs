//! Queues in memory: bounded, served by threads or tasks, or pumped by the owner of a value.
//!
//! A queue is a `static`, shared by any number of handlers. The static is a declaration; what
//! waits in it belongs to a dispatcher, so that two dispatchers (two tests) never share a queue.
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
//! # What a queue promises
//!
//! A delivery that was taken in runs once, unless its overflow policy drops it, the process ends, or
//! a shutdown runs out of time; however it ends, it is counted. Deliveries of events whose `key`
//! has the same type and value run one after the other, in the order in which they were emitted;
//! all others may run side by side. Nothing survives the process.

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
    /// It waits for room in [`emit_async`](crate::Dispatcher::emit_async),
    /// [`emit_blocking`](crate::Dispatcher::emit_blocking), and where another queued or detached
    /// handler caused it. [`emit`](crate::Dispatcher::emit) never waits: there it is a failure,
    /// from which it can be [redelivered](crate::report::Failure::redeliver).
    Wait,
    /// It ends as rejected: a failure in the report, from which it can be
    /// [redelivered](crate::report::Failure::redeliver).
    Reject,
    /// The oldest delivery that waits ends as dropped, and makes room.
    DropOldest,
    /// It ends as dropped.
    DropNewest,
}

/// The declaration of a queue: a `static` that handlers name with `#[handler(queue = MAIL)]`.
///
/// Unless said otherwise it has room for 1024 deliveries, one consumer, and lets emitters
/// [wait](Overflow::Wait). Where all its handlers are `async fn`s it is served by tasks, else by
/// threads named after it, so that a handler which blocks never stops the runtime. A
/// [builder](crate::dispatcher::DispatcherBuilder::configure) may choose other numbers. A dispatcher with queued
/// handlers needs a tokio runtime even if threads serve all of them, so that making one of them
/// `async` changes nothing else.
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

/// What is declared about a queue.
#[doc(hidden)]
#[derive(Debug)]
pub struct Declared {
    pub(crate) name: &'static str,
    pub(crate) settings: QueueSettings,
    pub(crate) local: bool,
    pub(crate) at: &'static Location<'static>,
    /// What tells two queues apart is where they are; a constant is nowhere, and with this in it
    /// rustc refuses one.
    address: AtomicUsize,
}

/// What a builder may choose otherwise; see
/// [`configure`](crate::dispatcher::DispatcherBuilder::configure).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    pub(crate) capacity: usize,
    pub(crate) consumers: usize,
    pub(crate) overflow: Overflow,
}

impl QueueSettings {
    /// What is chosen where nothing is said.
    pub(crate) const ONE: Self = Self {
        capacity: 1024,
        consumers: 1,
        overflow: Overflow::Wait,
    };

    /// How many deliveries may wait.
    ///
    /// # Panics
    ///
    /// It is 0.
    #[must_use]
    #[track_caller]
    pub const fn capacity(mut self, deliveries: usize) -> Self {
        assert!(
            deliveries > 0,
            "a queue needs room for a delivery: write `.capacity(1)` or more"
        );
        self.capacity = deliveries;
        self
    }

    /// How many deliveries may run at once.
    ///
    /// # Panics
    ///
    /// It is 0.
    #[must_use]
    #[track_caller]
    pub const fn consumers(mut self, consumers: usize) -> Self {
        assert!(
            consumers > 0,
            "a queue needs somebody who serves it: write `.consumers(1)` or more"
        );
        self.consumers = consumers;
        self
    }

    /// What happens to a delivery that finds the queue full.
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

    /// How many deliveries may wait; 1024 unless said.
    ///
    /// # Panics
    ///
    /// It is 0; in a `static` that is an error of the compiler.
    #[must_use]
    #[track_caller]
    pub const fn capacity(mut self, deliveries: usize) -> Self {
        self.declared.settings = self.declared.settings.capacity(deliveries);
        self
    }

    /// How many deliveries may run at once; 1 unless said.
    ///
    /// # Panics
    ///
    /// It is 0; in a `static` that is an error of the compiler.
    #[must_use]
    #[track_caller]
    pub const fn consumers(mut self, consumers: usize) -> Self {
        self.declared.settings = self.declared.settings.consumers(consumers);
        self
    }

    /// What happens to a delivery that finds the queue full; [`Overflow::Wait`] unless said.
    #[must_use]
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.declared.settings = self.declared.settings.overflow(overflow);
        self
    }

    /// The name.
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

    /// What tells the queue from all others.
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

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Queue {}
    impl<S: 'static> Sealed for super::LocalQueue<S> {}
}
