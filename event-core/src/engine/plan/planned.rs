//! A handler as the engine knows it.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::TypeId;

use crate::engine::plan::handlers::EventKind;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::handler_info::spec::{HandlerDeclaration, HandlerSpec};

/// A handler as the engine knows it, without the binding to its parameters.
pub struct PlannedHandler {
    pub(crate) declaration: HandlerDeclaration,
    /// The event that it handles; `None` for a catch-all.
    pub(crate) kind: Option<EventKind>,
}

impl PlannedHandler {
    pub(crate) fn spec(&self) -> &HandlerSpec {
        &self.declaration.spec
    }

    pub(crate) fn id(&self) -> TypeId {
        self.declaration.function.id
    }

    pub(crate) fn name(&self) -> &'static str {
        self.declaration.function.name()
    }

    /// Returns the event that it handles; `None` for a catch-all.
    pub(crate) fn event(&self) -> Option<&'static EventInfo> {
        Some(self.kind?.info())
    }

    /// Returns the pattern of a catch-all.
    pub(crate) fn pattern(&self) -> Option<&'static str> {
        self.declaration.pattern
    }

    /// Returns the handler's info, for reports and errors.
    pub(crate) fn info(&'static self) -> HandlerInfo {
        HandlerInfo::of_handler(&self.declaration)
    }
}
