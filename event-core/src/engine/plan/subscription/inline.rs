//! Subscriptions that run inline.

use std::any::Any;
use std::sync::{Arc, Weak};

use crate::engine::emission::Emission;
use crate::engine::plan::handlers::EventKind;
use crate::engine::plan::subscription::conditions::Conditions;
use crate::engine::plan::subscription::state::State;
use crate::engine::plan::subscriptions::{
    SubscriptionKey, SubscriptionList, SubscriptionNode, SubscriptionSlot,
};
use crate::engine::state::DispatcherState;
use crate::event::Event;
use crate::handler_info::HandlerInfo;
use crate::panics;
use crate::report::status::SkipReason;

pub(crate) type Call<E> = Box<dyn Fn(&E, &Emission<'_>) -> bool + Send + Sync>;

/// Returns whether the targets of a weak subscription are alive.
pub(crate) type Target = Box<dyn Fn() -> bool + Send + Sync>;

/// A subscription in the list of its event.
pub(crate) struct InlineSubscription<E> {
    pub(crate) key: SubscriptionKey,
    pub(crate) info: HandlerInfo,
    pub(crate) state: State,
    pub(crate) conditions: Conditions<E>,
    /// `Some` until the node is dropped. The call returns whether the subscription continues.
    pub(crate) call: Option<Call<E>>,
    pub(crate) target: Option<Target>,
    /// The kind of the subscription's event.
    pub(crate) kind: EventKind,
    pub(crate) inner: Weak<DispatcherState>,
}

/// A subscription that runs inline, whatever its event.
pub(crate) trait ErasedInlineSubscription: SubscriptionNode + Any {
    /// Calls the subscription; returns `false` if it is over and was not called.
    fn deliver_any(&self, event: &dyn Any, emission: &Emission<'_>) -> bool;
    /// Makes the [`TypedSubscriptions`] of a list that contains this subscription.
    fn typed(
        &self,
        list: &[SubscriptionSlot<dyn ErasedInlineSubscription>],
    ) -> Box<dyn Any + Send + Sync>;
}

/// The subscriptions of an event that run inline.
pub(crate) type InlineSubscriptions = SubscriptionList<dyn ErasedInlineSubscription>;

/// The inline subscriptions of an event with the event's type, so that an emission casts the list once,
/// and not each call.
pub(crate) struct TypedSubscriptions<E>(Box<[SubscriptionSlot<InlineSubscription<E>>]>);

impl<E: Event> TypedSubscriptions<E> {
    #[inline]
    pub(crate) fn of(list: &InlineSubscriptions) -> &[SubscriptionSlot<InlineSubscription<E>>] {
        let typed = list.typed().map(|typed| typed.downcast_ref::<Self>());
        let Some(Some(Self(slots))) = typed else {
            unreachable!("a subscription is in the list of its event")
        };
        slots
    }
}

/// A subscription as its guard knows it.
pub(crate) trait Cancel: SubscriptionNode {
    fn cancel(&self);
}

impl<E: Event> InlineSubscription<E> {
    /// Calls the subscription; returns `false` if it is over and was not called.
    #[inline]
    pub(crate) fn deliver(&self, event: &E, emission: &Emission<'_>) -> bool {
        if !self.state.is_active() {
            return !self.state.is_over() && self.deliver_if_claimed(event, emission);
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

    /// Calls a subscription that is not called for every event, if its filter accepts the event and this
    /// emission claims the call.
    #[cold]
    fn deliver_if_claimed(&self, event: &E, emission: &Emission<'_>) -> bool {
        if !self.is_alive() {
            self.cancel();
            return false;
        }
        if !self.conditions.admit(event) {
            emission.skip(SkipReason::Filter);
            return true;
        }
        let is_last = self.state.is_once() || self.conditions.end_with(event);
        // The call is claimed before it is made, so that exactly one of all emissions makes the last one.
        // The conditions may have cancelled the subscription.
        if !self.state.claim(is_last) {
            return false;
        }
        if is_last {
            self.remove();
        }
        let alive = self.call.as_ref().is_some_and(|call| call(event, emission));
        if !alive {
            self.cancel();
        }
        alive
    }

    fn remove(&self) {
        remove(&self.inner, self.kind, self.key);
    }
}

/// Removes a subscription from the list of its event.
fn remove(inner: &Weak<DispatcherState>, kind: EventKind, key: SubscriptionKey) {
    if let Some(inner) = inner.upgrade() {
        inner.find_or_make(kind).subscriptions.remove(key);
        inner.refresh(kind);
    }
}

impl<E: Event> SubscriptionNode for InlineSubscription<E> {
    fn key(&self) -> SubscriptionKey {
        self.key
    }

    fn info(&self) -> HandlerInfo {
        self.info
    }

    fn is_alive(&self) -> bool {
        !self.state.is_over() && self.target.as_ref().is_none_or(|lives| lives())
    }
}

impl<E: Event> ErasedInlineSubscription for InlineSubscription<E> {
    fn deliver_any(&self, event: &dyn Any, emission: &Emission<'_>) -> bool {
        let Some(event) = event.downcast_ref() else {
            unreachable!("a subscription is in the list of its event")
        };
        self.deliver(event, emission)
    }

    fn typed(
        &self,
        list: &[SubscriptionSlot<dyn ErasedInlineSubscription>],
    ) -> Box<dyn Any + Send + Sync> {
        let slots = list.iter().filter_map(|slot| {
            let node: Arc<dyn Any + Send + Sync> = Arc::clone(&slot.node) as _;
            Some(SubscriptionSlot {
                handlers: slot.handlers,
                node: node.downcast::<Self>().ok()?,
            })
        });
        Box::new(TypedSubscriptions::<E>(slots.collect()))
    }
}

impl<E: Event> Cancel for InlineSubscription<E> {
    fn cancel(&self) {
        self.state.cancel();
        self.remove();
    }
}

impl<E> Drop for InlineSubscription<E> {
    /// The values that the closure captured may panic in their `Drop`, and an emission may be the last
    /// owner.
    fn drop(&mut self) {
        panics::drop_caught(self.call.take());
    }
}
