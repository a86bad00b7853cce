//! One registered handler: the typed static that `#[handler]` makes, behind an object.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::{Any, TypeId};

use crate::engine::plan::bound::{CatchAll, List};
use crate::engine::plan::handlers::{ErasedEventType, EventType};
use crate::engine::plan::spec::{FunctionId, HandlerSpec, PlannedHandler};
use crate::event::Handled;
use crate::event::info::EventInfo;
use crate::handler::bind::{Binder, CatchAllBinder};
use crate::handler::resolver::Resolver;

/// A registered handler. Not public API.
pub trait Registered: PlannedHandler {
    /// The event it handles; `None` for a catch-all.
    fn event(&self) -> Option<&'static EventInfo>;
    fn kind(&self) -> Option<&'static dyn ErasedEventType>;
    /// Resolves its parameters and pushes the bound handler on a `List<E>`.
    fn bind(&'static self, resolver: &mut Resolver<'_>, list: &mut dyn Any);
    /// Resolves a catch-all's parameters, once for all the events it sees.
    fn bind_catch_all(&'static self, resolver: &mut Resolver<'_>) -> Option<CatchAll>;
}

/// A handler of one event type.
///
/// It holds what needs `E: Event`, so that no bound is left to check after `event_handler`: a
/// bound that is checked twice is a mistake that is reported twice.
pub struct EventHandler<E> {
    function: FunctionId,
    spec: HandlerSpec,
    kind: &'static dyn ErasedEventType,
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
        function: FunctionId::of(function),
        spec,
        kind: const { &EventType::<E>::NEW },
        bind,
    }
}

impl<E: Send + Sync + 'static> PlannedHandler for EventHandler<E> {
    fn spec(&self) -> &HandlerSpec {
        &self.spec
    }

    fn id(&self) -> TypeId {
        self.function.id
    }

    fn name(&self) -> &'static str {
        self.function.name()
    }

    fn pattern(&self) -> Option<&'static str> {
        None
    }
}

impl<E: Send + Sync + 'static> Registered for EventHandler<E> {
    fn event(&self) -> Option<&'static EventInfo> {
        Some(self.kind.info())
    }

    fn kind(&self) -> Option<&'static dyn ErasedEventType> {
        Some(self.kind)
    }

    fn bind(&'static self, resolver: &mut Resolver<'_>, list: &mut dyn Any) {
        if let Some(list) = list.downcast_mut::<List<E>>() {
            resolver.start(self);
            (self.bind)(&mut Binder::new(resolver, list, &self.spec));
        }
    }

    fn bind_catch_all(&'static self, _: &mut Resolver<'_>) -> Option<CatchAll> {
        None
    }
}

/// A catch-all handler.
pub struct CatchAllHandler {
    function: FunctionId,
    spec: HandlerSpec,
    pattern: Option<&'static str>,
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
        function: FunctionId::of(function),
        spec,
        pattern,
        bind,
    }
}

impl PlannedHandler for CatchAllHandler {
    fn spec(&self) -> &HandlerSpec {
        &self.spec
    }

    fn id(&self) -> TypeId {
        self.function.id
    }

    fn name(&self) -> &'static str {
        self.function.name()
    }

    fn pattern(&self) -> Option<&'static str> {
        self.pattern
    }
}

impl Registered for CatchAllHandler {
    fn event(&self) -> Option<&'static EventInfo> {
        None
    }

    fn kind(&self) -> Option<&'static dyn ErasedEventType> {
        None
    }

    fn bind(&'static self, _: &mut Resolver<'_>, _: &mut dyn Any) {}

    fn bind_catch_all(&'static self, resolver: &mut Resolver<'_>) -> Option<CatchAll> {
        resolver.start(self);
        let mut bound = None;
        (self.bind)(&mut CatchAllBinder::new(resolver, &mut bound, &self.spec));
        bound
    }
}
