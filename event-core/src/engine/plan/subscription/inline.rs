//! TODO

use std::any::Any;
use std::sync::Weak;

use crate::dispatcher::subscription::Call;
use crate::engine::emission::Emission;
use crate::engine::plan::handlers::EventKind;
use crate::engine::plan::subscription::state::State;
use crate::engine::plan::subscriptions::{SubscriptionKey, SubscriptionNode};
use crate::engine::state::DispatcherState;
use crate::handler_info::HandlerInfo;
use crate::panics;

/// A subscription in its event's list.
pub(crate) struct InlineSubscription {
    pub(crate) key: SubscriptionKey,
    pub(crate) info: HandlerInfo,
    pub(crate) state: State,
    /// There until the node is dropped. Answers whether the subscription goes on.
    pub(crate) call: Option<Call>,
    /// Whether the target of a weak subscription lives.
    pub(crate) target: Option<Box<dyn Fn() -> bool + Send + Sync>>,
    /// That of its event.
    pub(crate) kind: EventKind,
    pub(crate) inner: Weak<DispatcherState>,
}

pub(crate) trait Cancel: Send + Sync {
    fn cancel(&self);
}

impl InlineSubscription {
    /// Calls the subscription; `false` if it is over and was not called.
    #[inline]
    pub(crate) fn deliver(&self, event: &dyn Any, emission: &Emission<'_>) -> bool {
        if !self.state.is_active() {
            return !self.state.is_over() && self.deliver_once(event, emission);
        }
        let Some(call) = &self.call else {
            return false;
        };
        let alive = call(event, emission);
        if !alive {
            self.cancel();
        }
        alive
    }

    #[cold]
    fn deliver_once(&self, event: &dyn Any, emission: &Emission<'_>) -> bool {
        // Claimed before the call, so that of all emissions exactly one makes it.
        if !self.state.claim() {
            return false;
        }
        self.remove();
        self.call.as_ref().is_some_and(|call| call(event, emission))
    }

    fn remove(&self) {
        if let Some(inner) = self.inner.upgrade() {
            let found = inner.find_or_make(self.kind);
            found.subscriptions.remove(self.key);
            inner.refresh(self.kind);
        }
    }
}

impl SubscriptionNode for InlineSubscription {
    fn key(&self) -> SubscriptionKey {
        self.key
    }

    fn is_alive(&self) -> bool {
        !self.state.is_over() && self.target.as_ref().is_none_or(|lives| lives())
    }
}

impl Cancel for InlineSubscription {
    fn cancel(&self) {
        self.state.cancel();
        self.remove();
    }
}

impl Drop for InlineSubscription {
    /// What the closure captured may panic in its `Drop`, and an emission may be the last
    /// owner.
    fn drop(&mut self) {
        panics::drop_caught(self.call.take());
    }
}
