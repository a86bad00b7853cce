//! One registered handler: the typed static that `#[handler]` makes, behind an object.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::time::Duration;

use crate::engine::plan::bound::{CatchAll, HandlerList};
use crate::engine::plan::handlers::{EventKind, EventType};
use crate::event::Handled;
use crate::event::info::EventInfo;
use crate::handler::bind::{Binder, CatchAllBinder};
use crate::handler::resolver::Resolver;
use crate::queue::AnyQueue;

/// Where a handler stands, and the keys of its attribute.
#[derive(Clone, Copy)]
pub struct HandlerSpec {
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    pub(crate) module: &'static str,
    pub(crate) package: Option<&'static str>,
    pub(crate) package_version: Option<&'static str>,
    /// The program it is part of, if it is not in a library: a package's library and program
    /// may have one name, and then share module paths.
    pub(crate) program: Option<&'static str>,
    pub(crate) priority: i32,
    pub(crate) after: &'static [FunctionId],
    pub(crate) before: &'static [FunctionId],
    pub(crate) asynchronous: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) concurrency: Option<u32>,
    pub(crate) queue: Option<fn() -> &'static dyn AnyQueue>,
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
}

/// A function named by another's `after` or `before`, or by the builder.
#[derive(Clone, Copy)]
pub struct FunctionId {
    pub(crate) id: TypeId,
    name: fn() -> &'static str,
}

/// A registered handler. Not public API.
///
/// Each event type has an object of it, so what is alike for all is in [`HandlerFacts`].
pub trait Registered: Send + Sync {
    fn facts(&self) -> &HandlerFacts;
    /// Resolves its parameters and pushes the bound handler on a list of its event.
    fn bind(&'static self, resolver: &mut Resolver<'_>, list: &mut HandlerList);
    /// Resolves a catch-all's parameters, once for all the events it sees.
    fn bind_catch_all(&'static self, resolver: &mut Resolver<'_>) -> Option<CatchAll>;
}

/// What is known about a handler.
pub struct HandlerFacts {
    function: FunctionId,
    spec: HandlerSpec,
    /// The event it handles; `None` for a catch-all.
    kind: Option<EventKind>,
    /// The pattern of a catch-all.
    pattern: Option<&'static str>,
}

impl<'r> dyn Registered + 'r {
    pub(crate) fn spec(&self) -> &HandlerSpec {
        &self.facts().spec
    }

    pub(crate) fn id(&self) -> TypeId {
        self.facts().function.id
    }

    pub(crate) fn name(&self) -> &'static str {
        self.facts().function.name()
    }

    /// The event it handles; `None` for a catch-all.
    pub(crate) fn event(&self) -> Option<&'static EventInfo> {
        self.kind().map(|kind| kind.info())
    }

    pub(crate) fn kind(&self) -> Option<EventKind> {
        self.facts().kind
    }

    /// The pattern of a catch-all.
    pub(crate) fn pattern(&self) -> Option<&'static str> {
        self.facts().pattern
    }
}

impl HandlerSpec {
    /// The place of a handler, with every key at its default.
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
            asynchronous: false,
            timeout: None,
            concurrency: None,
            queue: None,
        }
    }

    /// An `async fn`.
    #[must_use]
    pub const fn asynchronous(mut self) -> Self {
        self.asynchronous = true;
        self
    }

    /// How long a call of an async handler may take.
    #[must_use]
    pub const fn timeout_millis(mut self, millis: u64) -> Self {
        self.timeout = Some(Duration::from_millis(millis));
        self
    }

    /// How many tasks an async handler may have at once.
    #[must_use]
    pub const fn concurrency(mut self, tasks: u32) -> Self {
        self.concurrency = Some(tasks);
        self
    }

    /// Delivered through a queue. A function, so that a queue must be a `static`.
    #[must_use]
    pub const fn queue(mut self, queue: fn() -> &'static dyn AnyQueue) -> Self {
        self.queue = Some(queue);
        self
    }

    pub(crate) fn executor_kind(&self) -> ExecutorKind {
        match (self.queue, self.asynchronous) {
            (Some(_), _) => ExecutorKind::Queued,
            (None, true) => ExecutorKind::Async,
            (None, false) => ExecutorKind::Inline,
        }
    }

    /// Lower runs first.
    #[must_use]
    pub const fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Runs after these have ended.
    #[must_use]
    pub const fn after(mut self, handlers: &'static [FunctionId]) -> Self {
        self.after = handlers;
        self
    }

    /// Runs before these start.
    #[must_use]
    pub const fn before(mut self, handlers: &'static [FunctionId]) -> Self {
        self.before = handlers;
        self
    }
}

impl FunctionId {
    /// Names a function item. A function pointer does not compile: it has no type of its own.
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

/// A handler of one event type.
///
/// It holds what needs `E: Event`, so that no bound is left to check after `event_handler`: a
/// bound that is checked twice is a mistake that is reported twice.
pub struct EventHandler<E> {
    facts: HandlerFacts,
    bind: fn(&mut Binder<'_, '_, E>),
}

/// Registers a handler of one event type.
#[must_use]
pub const fn event_handler<E: Handled, F: Copy + 'static>(
    function: F,
    spec: HandlerSpec,
    bind: fn(&mut Binder<'_, '_, E>),
) -> EventHandler<E> {
    EventHandler {
        facts: HandlerFacts {
            function: FunctionId::of(function),
            spec,
            kind: Some(EventType::<E>::KIND),
            pattern: None,
        },
        bind,
    }
}

impl<E: Send + Sync + 'static> Registered for EventHandler<E> {
    fn facts(&self) -> &HandlerFacts {
        &self.facts
    }

    fn bind(&'static self, resolver: &mut Resolver<'_>, list: &mut HandlerList) {
        let inline: &mut dyn Any = &mut *list.inline;
        if let Some(inline) = inline.downcast_mut() {
            let spec = &self.facts.spec;
            (self.bind)(&mut Binder::new(resolver, inline, &mut list.later, spec));
        }
    }

    fn bind_catch_all(&'static self, _: &mut Resolver<'_>) -> Option<CatchAll> {
        None
    }
}

/// A catch-all handler.
pub struct CatchAllHandler {
    facts: HandlerFacts,
    bind: fn(&mut CatchAllBinder<'_, '_>),
}

/// Registers a catch-all handler: of every event, or of those whose declared name matches.
#[must_use]
pub const fn catch_all_handler<F: Copy + 'static>(
    function: F,
    spec: HandlerSpec,
    pattern: Option<&'static str>,
    bind: fn(&mut CatchAllBinder<'_, '_>),
) -> CatchAllHandler {
    CatchAllHandler {
        facts: HandlerFacts {
            function: FunctionId::of(function),
            spec,
            kind: None,
            pattern,
        },
        bind,
    }
}

impl Registered for CatchAllHandler {
    fn facts(&self) -> &HandlerFacts {
        &self.facts
    }

    fn bind(&'static self, _: &mut Resolver<'_>, _: &mut HandlerList) {}

    fn bind_catch_all(&'static self, resolver: &mut Resolver<'_>) -> Option<CatchAll> {
        let mut bound = None;
        let spec = &self.facts.spec;
        (self.bind)(&mut CatchAllBinder::new(resolver, &mut bound, spec));
        bound
    }
}
