//! One registered handler: the typed static that `#[handler]` generates, behind an object.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::TypeId;

use crate::engine::plan::bound::{CatchAll, HandlerList};
use crate::engine::plan::handlers::{EventKind, EventType};
use crate::engine::plan::planned::PlannedHandler;
use crate::event::info::EventInfo;
use crate::event::{DurableEvent, Handled};
use crate::handler::bind::Binder;
use crate::handler::bind_catch_all::CatchAllBinder;
use crate::handler::outcome::{Deferred, Transactional};
use crate::handler::resolver::Resolver;
use crate::handler_info::spec::{FunctionId, HandlerDeclaration, HandlerSpec};

/// A registered handler. Not public API.
///
/// Each event type has its own vtable of it, so data that is alike for all is in its `PlannedHandler`.
pub trait Registered: Send + Sync {
    fn planned(&self) -> &PlannedHandler;
    /// Resolves its parameters and pushes the bound handler on a list of its event.
    fn bind(&'static self, resolver: &mut Resolver<'_>, list: &mut HandlerList);
    /// Resolves a catch-all's parameters, once for all the events it sees.
    fn bind_catch_all(&'static self, resolver: &mut Resolver<'_>) -> Option<CatchAll>;
}

impl dyn Registered + '_ {
    pub(crate) fn spec(&self) -> &HandlerSpec {
        self.planned().spec()
    }

    pub(crate) fn id(&self) -> TypeId {
        self.planned().id()
    }

    pub(crate) fn name(&self) -> &'static str {
        self.planned().name()
    }

    /// Returns the event that it handles; `None` for a catch-all.
    pub(crate) fn event(&self) -> Option<&'static EventInfo> {
        self.planned().event()
    }

    pub(crate) fn kind(&self) -> Option<EventKind> {
        self.planned().kind
    }

    /// Returns the pattern of a catch-all.
    pub(crate) fn pattern(&self) -> Option<&'static str> {
        self.planned().pattern()
    }
}

/// A handler of one event type.
///
/// It holds everything that needs `E: Event`, so that no bound is left to check after `event_handler`: a
/// bound that is checked twice is a mistake that is reported twice.
pub struct EventHandler<E, C = E> {
    planned: PlannedHandler,
    bind: fn(&mut Binder<'_, '_, E, C>),
}

/// Registers a handler of one event type.
#[must_use]
pub const fn event_handler<E: Handled, F: Copy + 'static>(
    function: F,
    spec: HandlerSpec,
    bind: fn(&mut Binder<'_, '_, E>),
) -> EventHandler<E> {
    EventHandler {
        planned: PlannedHandler {
            declaration: HandlerDeclaration {
                function: FunctionId::of(function),
                spec,
                pattern: None,
            },
            kind: Some(EventType::<E>::KIND),
        },
        bind,
    }
}

/// Registers a handler of one event type that does not run inline.
#[must_use]
pub const fn deferred_handler<E: Handled, F: Copy + 'static>(
    function: F,
    spec: HandlerSpec,
    bind: fn(&mut Binder<'_, '_, E, Deferred<E>>),
) -> EventHandler<E, Deferred<E>> {
    EventHandler {
        planned: PlannedHandler {
            declaration: HandlerDeclaration {
                function: FunctionId::of(function),
                spec,
                pattern: None,
            },
            kind: Some(EventType::<E>::KIND),
        },
        bind,
    }
}

/// Registers a handler whose deliveries an outbox makes.
#[must_use]
pub const fn durable_handler<E: DurableEvent, F: Copy + 'static>(
    function: F,
    spec: HandlerSpec,
    bind: fn(&mut Binder<'_, '_, E, Transactional<E>>),
) -> EventHandler<E, Transactional<E>> {
    EventHandler {
        planned: PlannedHandler {
            declaration: HandlerDeclaration {
                function: FunctionId::of(function),
                spec,
                pattern: None,
            },
            kind: Some(EventType::<E>::KIND),
        },
        bind,
    }
}

impl<E: Send + Sync + 'static, C: 'static> Registered for EventHandler<E, C> {
    fn planned(&self) -> &PlannedHandler {
        &self.planned
    }

    fn bind(&'static self, resolver: &mut Resolver<'_>, list: &mut HandlerList) {
        let spec = self.planned.spec();
        let (inline, deferred) = list.split(spec);
        if let Some(inline) = inline.downcast_mut() {
            (self.bind)(&mut Binder::new(resolver, inline, deferred, spec));
        }
    }

    fn bind_catch_all(&'static self, _: &mut Resolver<'_>) -> Option<CatchAll> {
        None
    }
}

/// A catch-all handler.
pub struct CatchAllHandler {
    planned: PlannedHandler,
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
        planned: PlannedHandler {
            declaration: HandlerDeclaration {
                function: FunctionId::of(function),
                spec,
                pattern,
            },
            kind: None,
        },
        bind,
    }
}

impl Registered for CatchAllHandler {
    fn planned(&self) -> &PlannedHandler {
        &self.planned
    }

    fn bind(&'static self, _: &mut Resolver<'_>, _: &mut HandlerList) {}

    fn bind_catch_all(&'static self, resolver: &mut Resolver<'_>) -> Option<CatchAll> {
        let mut bound = None;
        let spec = self.planned.spec();
        (self.bind)(&mut CatchAllBinder::new(resolver, &mut bound, spec));
        bound
    }
}
