//! What a dispatcher knows of its outbox.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::TypeId;
use std::sync::Arc;

use crate::dispatcher::builder::DispatcherBuilder;
use crate::dispatcher::handle::DispatcherHandle;

/// An outbox, which stores durable events and makes their deliveries. Not public API: the package
/// `event-outbox` implements it.
pub trait Outbox: Send + Sync + 'static {
    /// Returns the type that is lent to handlers that take a `&mut`, and its name.
    fn lends(&self) -> (TypeId, &'static str);

    /// Whether a dispatcher was built with it.
    fn is_attached(&self) -> bool;

    /// Begins to make the deliveries of a dispatcher that was just built.
    fn attach(&self, dispatcher: DispatcherHandle);
}

impl DispatcherBuilder {
    /// Gives the dispatcher an outbox, which durable handlers, and those that are called before a commit,
    /// need. The outbox begins to make stored deliveries as soon as the dispatcher is built.
    ///
    /// The outbox is that of the package `event-outbox`. A second one replaces the first.
    pub fn outbox<O: Outbox + Clone>(mut self, outbox: &O) -> Self {
        self.outbox = Some(Arc::new(outbox.clone()));
        self
    }
}
