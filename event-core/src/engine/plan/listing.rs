//! Lists the handlers and subscriptions of an event in the order in which they run.

use std::cell::Cell;
use std::sync::Arc;

use crate::engine::plan::executor::ErasedSubscription;
use crate::engine::plan::lookup::TableLookup;
use crate::engine::plan::subscription::inline::ErasedInlineSubscription;
use crate::engine::plan::subscriptions::{Step, SubscriptionList, SubscriptionNode};
use crate::handler_info::HandlerInfo;

/// The handlers and subscriptions of an event: those that run inline, then those that do not, each in the order
/// of their phase, and last those whose deliveries an outbox makes.
///
/// It has the subscriptions as they were when it was made, except for those that have ended meanwhile.
pub(crate) struct HandlersInOrder<'d> {
    entry: TableLookup<'d>,
    inline: Phase<dyn ErasedInlineSubscription>,
    deferred: Phase<dyn ErasedSubscription>,
    /// The index of the next of those whose deliveries an outbox makes.
    transactional: usize,
}

/// The positions of one phase that were not listed yet.
struct Phase<N: ?Sized> {
    subscribed: Option<Arc<SubscriptionList<N>>>,
    position: usize,
    end: usize,
    /// How many subscriptions come before the position; see [`SubscriptionList::step`].
    before: Cell<usize>,
}

impl<'d> HandlersInOrder<'d> {
    pub(crate) fn new(entry: TableLookup<'d>) -> Self {
        let inline = Phase::new(entry.inline_count(), entry.load_subscriptions());
        let deferred = Phase::new(entry.deferred.len(), entry.load_deferred_subscriptions());
        Self {
            entry,
            inline,
            deferred,
            transactional: 0,
        }
    }
}

impl Iterator for HandlersInOrder<'_> {
    type Item = HandlerInfo;

    fn next(&mut self) -> Option<HandlerInfo> {
        let Self { entry, .. } = self;
        let inline = self.inline.next(|at| entry.inline_handler(at));
        let next = inline.or_else(|| self.deferred.next(|at| entry.deferred[at].handler));
        next.or_else(|| {
            let handler = entry.transactional.get(self.transactional)?;
            self.transactional += 1;
            Some(handler.handler)
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let transactional = self.entry.transactional.len() - self.transactional;
        let others = self.inline.len() + self.deferred.len();
        (0, Some(others + transactional))
    }
}

impl<N: SubscriptionNode + ?Sized> Phase<N> {
    fn new(handlers: usize, subscribed: Option<Arc<SubscriptionList<N>>>) -> Self {
        let subscriptions = subscribed.as_deref().map_or(0, SubscriptionList::len);
        Self {
            subscribed,
            position: 0,
            end: handlers + subscriptions,
            before: Cell::new(0),
        }
    }

    fn len(&self) -> usize {
        self.end - self.position
    }

    /// Returns the next handler, by its index, or the next subscription that has not ended.
    fn next(&mut self, handler: impl Fn(usize) -> HandlerInfo) -> Option<HandlerInfo> {
        while self.position < self.end {
            let position = self.position;
            self.position += 1;
            let step = match &self.subscribed {
                Some(subscribed) => subscribed.step(position, &self.before),
                None => Step::Handler(position),
            };
            match step {
                Step::Handler(at) => return Some(handler(at)),
                Step::Subscription(node) if node.is_alive() => return Some(node.info()),
                Step::Subscription(_) => {}
            }
        }
        None
    }
}
