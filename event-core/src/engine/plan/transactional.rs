//! The handlers of one event whose deliveries an outbox makes: durable ones, and those that are called before
//! the commit.

use std::any::{Any, TypeId};
use std::ops::Deref;
use std::sync::Arc;

use crate::engine::plan::bound::{Call, DeferredBinding};
use crate::engine::plan::planned::PlannedHandler;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::panics;
use crate::retry::RetryPolicy;

/// A handler whose deliveries an outbox makes.
#[cfg_attr(
    not(feature = "serde"),
    allow(dead_code, reason = "without it no event is durable")
)]
pub(crate) struct TransactionalHandler {
    pub(crate) handler: HandlerInfo,
    pub(crate) event: &'static EventInfo,
    pub(crate) has_timeout: bool,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) binding: DeferredBinding,
}

/// A call of such a handler, with the value that it is lent.
pub(crate) struct TransactionalCall<'a> {
    pub(crate) handler: &'a TransactionalHandler,
    pub(crate) lent: Option<&'a mut (dyn Any + Send)>,
}

impl TransactionalHandler {
    /// Returns the type of the value that the handler is lent, and its name, if it is lent one.
    pub(crate) fn lent(&self) -> Option<(TypeId, &'static str)> {
        match &self.binding.call {
            Call::AsyncLent(binding) => Some(binding.lent()),
            Call::Sync(_) | Call::Lent(_) | Call::Async(_) => None,
        }
    }

    pub(crate) fn is_async(&self) -> bool {
        matches!(self.binding.call, Call::Async(_) | Call::AsyncLent(_))
    }
}

/// The handlers of one event whose deliveries an outbox makes, in order.
pub(crate) struct TransactionalHandlers(Box<[Arc<TransactionalHandler>]>);

impl TransactionalHandlers {
    /// Makes the list; `planned` and `bindings` are in one order.
    pub(crate) fn new(
        event: &'static EventInfo,
        planned: impl Iterator<Item = &'static PlannedHandler>,
        bindings: Vec<DeferredBinding>,
    ) -> Self {
        let handlers = planned.zip(bindings).map(|(planned, binding)| {
            let spec = planned.spec();
            Arc::new(TransactionalHandler {
                handler: planned.info(),
                event,
                has_timeout: spec.timeout.is_some(),
                retry: spec.retry,
                binding,
            })
        });
        Self(handlers.collect())
    }
}

impl Deref for TransactionalHandlers {
    type Target = [Arc<TransactionalHandler>];

    fn deref(&self) -> &[Arc<TransactionalHandler>] {
        &self.0
    }
}

impl Drop for TransactionalHandlers {
    /// The values that handlers captured may panic in their `Drop`. Handlers are dropped one by one, so
    /// that a panic does not prevent the drop of others.
    fn drop(&mut self) {
        let handlers = std::mem::take(&mut self.0);
        handlers.into_iter().for_each(panics::drop_caught);
    }
}
