//! The keys of a handler's attribute, and the identity of its function.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::{TypeId, type_name};
use std::fmt;
use std::time::Duration;

use crate::queue::AnyQueue;
use crate::retry::RetryPolicy;

/// The place of a handler in the source, and the keys of its attribute.
#[derive(Clone, Copy)]
pub struct HandlerSpec {
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    pub(crate) module: &'static str,
    pub(crate) package: Option<&'static str>,
    pub(crate) package_version: Option<&'static str>,
    /// The program that contains the handler, if it is not in a library: a package's library and program
    /// may have one name, and then share module paths.
    pub(crate) program: Option<&'static str>,
    pub(crate) priority: i32,
    pub(crate) after: &'static [FunctionId],
    pub(crate) before: &'static [FunctionId],
    /// The path of the filter, as the attribute names it.
    pub(crate) filter: Option<&'static str>,
    /// The text of the doc comments above the function.
    pub(crate) documentation: Option<&'static str>,
    pub(crate) asynchronous: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) concurrency: Option<u32>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) queue: Option<fn() -> &'static dyn AnyQueue>,
    pub(crate) transaction: Option<InTransaction>,
}

/// What a transaction has to do with the deliveries of a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InTransaction {
    /// They are stored with the event, under this id, and made after the commit.
    Durable {
        id: &'static str,
        /// Earlier ids, whose stored deliveries are this handler's, too.
        aliases: &'static [&'static str],
    },
    /// They are made in the emitter's transaction.
    BeforeCommit,
}

/// A handler's function, and what its attribute says.
pub(crate) struct HandlerDeclaration {
    pub(crate) function: FunctionId,
    pub(crate) spec: HandlerSpec,
    /// The pattern of a catch-all.
    pub(crate) pattern: Option<&'static str>,
}

/// Where a handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExecutorKind {
    /// On the emitter's stack.
    Inline,
    /// As a task, or inside of an `emit_async`.
    Async,
    /// Where a queue is consumed.
    Queued,
    /// Where an outbox makes stored deliveries.
    Durable,
    /// In the transaction that emits the event, before it is committed.
    BeforeCommit,
}

/// A function that another handler's `after` or `before`, or the builder, names.
#[derive(Clone, Copy)]
pub struct FunctionId {
    pub(crate) id: TypeId,
    name: fn() -> &'static str,
}

impl HandlerSpec {
    /// Makes a spec with this place, and every key at its default.
    #[must_use]
    pub const fn new(
        file: &'static str,
        line: u32,
        module: &'static str,
        package: Option<&'static str>,
        package_version: Option<&'static str>,
        program: Option<&'static str>,
    ) -> Self {
        Self {
            file,
            line,
            module,
            package,
            package_version,
            program,
            priority: 0,
            after: &[],
            before: &[],
            filter: None,
            documentation: None,
            asynchronous: false,
            timeout: None,
            concurrency: None,
            retry: None,
            queue: None,
            transaction: None,
        }
    }

    /// Lets an outbox store the deliveries under an id.
    #[must_use]
    pub const fn durable(mut self, id: &'static str, aliases: &'static [&'static str]) -> Self {
        self.transaction = Some(InTransaction::Durable { id, aliases });
        self
    }

    /// Calls the handler in the transaction that emits the event.
    #[must_use]
    pub const fn before_commit(mut self) -> Self {
        self.transaction = Some(InTransaction::BeforeCommit);
        self
    }

    /// Marks the handler as an `async fn`.
    #[must_use]
    pub const fn asynchronous(mut self) -> Self {
        self.asynchronous = true;
        self
    }

    /// Sets how long a call of an async handler may take.
    #[must_use]
    pub const fn timeout_millis(mut self, millis: u64) -> Self {
        self.timeout = Some(Duration::from_millis(millis));
        self
    }

    /// Sets how many tasks an async handler may have at once.
    #[must_use]
    pub const fn concurrency(mut self, tasks: u32) -> Self {
        self.concurrency = Some(tasks);
        self
    }

    /// Sets how often a failed delivery is tried again.
    #[must_use]
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sets the queue of the handler. It is a function, so that a queue must be a `static`.
    #[must_use]
    pub const fn queue(mut self, queue: fn() -> &'static dyn AnyQueue) -> Self {
        self.queue = Some(queue);
        self
    }

    /// Sets the path of the filter, as the attribute names it.
    #[must_use]
    pub const fn filter(mut self, path: &'static str) -> Self {
        self.filter = Some(path);
        self
    }

    /// Sets the text of the doc comments above the function.
    #[must_use]
    pub const fn documentation(mut self, text: &'static str) -> Self {
        self.documentation = Some(text);
        self
    }

    /// Whether an outbox makes the deliveries.
    pub(crate) fn is_transactional(&self) -> bool {
        self.transaction.is_some()
    }

    pub(crate) fn executor_kind(&self) -> ExecutorKind {
        match (self.transaction, self.queue, self.asynchronous) {
            (Some(InTransaction::Durable { .. }), _, _) => ExecutorKind::Durable,
            (Some(InTransaction::BeforeCommit), _, _) => ExecutorKind::BeforeCommit,
            (None, Some(_), _) => ExecutorKind::Queued,
            (None, None, true) => ExecutorKind::Async,
            (None, None, false) => ExecutorKind::Inline,
        }
    }

    /// Sets the priority; lower runs first.
    #[must_use]
    pub const fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Runs the handler after `handlers` have ended.
    #[must_use]
    pub const fn after(mut self, handlers: &'static [FunctionId]) -> Self {
        self.after = handlers;
        self
    }

    /// Runs the handler before `handlers` start.
    #[must_use]
    pub const fn before(mut self, handlers: &'static [FunctionId]) -> Self {
        self.before = handlers;
        self
    }
}

impl FunctionId {
    /// Returns the id of a function item. A function pointer does not compile, since it has no type of
    /// its own.
    #[must_use]
    pub const fn of<F: Copy + 'static>(_function: F) -> Self {
        const {
            assert!(
                size_of::<F>() == 0,
                "name the function itself: a function pointer cannot be told from another"
            );
        }
        Self {
            id: TypeId::of::<F>(),
            name: type_name::<F>,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        (self.name)()
    }
}

impl fmt::Debug for FunctionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
