//! Handlers that are added and removed at run time.

use std::fmt;
use std::sync::Weak;

pub use crate::dispatcher::subscription::builder::SubscriptionBuilder;
pub(crate) use crate::dispatcher::subscription::late::subscribe_stream;
use crate::engine::plan::subscription::inline::Cancel;
use crate::panics;

pub(crate) mod arguments;
pub(crate) mod builder;
pub(crate) mod conditions;
pub(crate) mod late;
pub(crate) mod queue_traits;
pub(crate) mod queued;

/// The guard of a subscription: dropping it cancels the subscription.
///
/// Cancelling does not wait for a call that is running. A call that has not started does not start any
/// more, not even in an emission that runs at that moment, nor in a task that `emit` made for it. What
/// the closure captured is dropped with the last call that runs. Bind the guard to a name, `let printing
/// = dispatcher.subscribe(…)`: `let _ = …` drops it at once.
///
/// The closure is dropped with the guard, or with the last emission that has it. Outside of an emission,
/// a panic in the `Drop` of what it captured continues in the code that drops the guard.
#[must_use = "dropping the guard cancels the subscription, and `let _ =` drops it at once: bind it to a name, or call `.detach()`"]
pub struct Subscription {
    /// Weak: what the closure captured is dropped with the subscription, even if the guard is kept.
    node: Option<Weak<dyn Cancel>>,
}

impl Subscription {
    fn new(node: Weak<dyn Cancel>) -> Self {
        Self { node: Some(node) }
    }

    /// Keeps the subscription for as long as the dispatcher lives.
    pub fn detach(mut self) {
        self.node = None;
    }

    /// Whether the subscription takes further events. It is `false` after the call of a subscription with
    /// [`once`](SubscriptionBuilder::once), after the last event of one with
    /// [`until`](SubscriptionBuilder::until), after the end of a target of a
    /// [`weak`](SubscriptionBuilder::weak) one, and after the dispatcher was dropped.
    ///
    /// Another thread may end the subscription right after this returned `true`.
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::{Dispatcher, Event};
    ///
    /// #[derive(Event)]
    /// struct BellRung;
    ///
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let answering = dispatcher.subscription_builder().once().subscribe(|_: &BellRung| {});
    /// assert!(answering.is_active());
    /// dispatcher.emit(BellRung);
    /// assert!(!answering.is_active());
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    #[must_use]
    pub fn is_active(&self) -> bool {
        let Some(node) = self.node.as_ref().and_then(Weak::upgrade) else {
            return false;
        };
        let is_active = node.is_alive();
        // If the subscription was cancelled meanwhile, what the closure captured is dropped here.
        panics::release(move || drop(node));
        is_active
    }

    /// Cancels the subscription, as dropping the guard does.
    pub fn cancel(self) {
        drop(self);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(node) = self.node.take().and_then(|node| node.upgrade()) {
            panics::release(move || {
                node.cancel();
                // If no emission has the node, what the closure captured is dropped here.
                drop(node);
            });
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}
