//! Runs handlers together with subscriptions, observers, stops and fail-fast.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::engine::emission::cascade_state::LazyState;
use crate::engine::emission::erased::InlineEvent;
use crate::engine::emission::lineage::Lineage;
use crate::engine::emission::{Emission, HandlerLookup};
use crate::engine::inline::call::{call_some, run_plain};
use crate::engine::observers::EmissionObservers;
use crate::engine::plan::handlers::TableEntry;
use crate::engine::plan::subscription::inline::{
    ErasedInlineSubscription, InlineSubscriptions, TypedSubscriptions,
};
use crate::engine::plan::subscriptions::{Step, SubscriptionList};
use crate::engine::state::DispatcherState;
use crate::event::Event;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::report::status::{DeliveryStatus, SkipReason};
use crate::spans::Trace;

/// Runs handlers and subscriptions; returns how many deliveries there were, done or not.
#[inline]
pub(crate) fn run_subscribed<E: Event>(
    inner: &Arc<DispatcherState>,
    entry: &TableEntry,
    event: &E,
    state: &LazyState,
    lineage: &Lineage,
) -> usize {
    let subscribed = entry.subscribed();
    let Some(subscribed) = subscribed.as_deref() else {
        return run_plain(inner, entry, event, state, lineage);
    };
    let all = entry.handlers::<E>();
    let subscriptions = TypedSubscriptions::<E>::of(subscribed);
    let view = InlinePositions::new(entry, Some(subscribed));
    let emission = Emission::new(inner, &view, lineage, state);
    let missed = Cell::new(0);
    let first_try = AssertUnwindSafe(|| {
        let mut handlers = 0;
        for slot in subscriptions {
            call_some(&all[handlers..slot.handlers], event, &emission);
            handlers = slot.handlers;
            if !slot.node.deliver(event, &emission) {
                missed.set(missed.get() + 1);
            }
            emission.advance();
        }
        call_some(&all[handlers..], event, &emission);
    });
    if let Err(payload) = catch_unwind(first_try) {
        view.resume_behind(event, &emission, &missed, payload);
    }
    all.len() + subscriptions.len() - missed.get()
}

/// The positions of an event: its handlers, with any subscriptions among them.
struct InlinePositions<'v> {
    entry: &'v TableEntry,
    subscribed: Option<&'v InlineSubscriptions>,
    /// How many subscriptions come before the last position that was looked up.
    before: Cell<usize>,
}

impl<'v> InlinePositions<'v> {
    fn new(entry: &'v TableEntry, subscribed: Option<&'v InlineSubscriptions>) -> Self {
        Self {
            entry,
            subscribed,
            before: Cell::new(0),
        }
    }

    fn len(&self) -> usize {
        self.entry.inline_count() + self.subscribed.map_or(0, SubscriptionList::len)
    }

    fn step(&self, position: usize) -> Step<'v, dyn ErasedInlineSubscription> {
        match self.subscribed {
            None => Step::Handler(position),
            Some(subscribed) => subscribed.step(position, &self.before),
        }
    }

    /// Whether there is a handler at a position, or a subscription that may still be called.
    fn is_alive(&self, position: usize) -> bool {
        match self.step(position) {
            Step::Handler(_) => true,
            Step::Subscription(node) => node.is_alive(),
        }
    }

    /// Adds the panic at the emission's position, and runs the steps behind it.
    #[cold]
    #[inline(never)]
    fn resume_behind(
        &self,
        event: &dyn InlineEvent,
        emission: &Emission<'_>,
        missed: &Cell<usize>,
        payload: Box<dyn Any + Send>,
    ) {
        emission.panicked(event, payload);
        emission.advance();
        self.run_remaining(event, emission, missed, None);
    }

    /// Runs the steps from the emission's position on, one by one, with a check after each. Adds the
    /// number of subscriptions that were cancelled meanwhile to `missed`.
    #[cold]
    #[inline(never)]
    fn run_remaining(
        &self,
        event: &dyn InlineEvent,
        emission: &Emission<'_>,
        missed: &Cell<usize>,
        observed: Option<&EmissionObservers<'_>>,
    ) {
        let end = self.len();
        while emission.position() < end {
            let run = catch_unwind(AssertUnwindSafe(|| {
                while emission.position() < end && emission.halted().is_none() {
                    if !self.deliver(event, emission, observed) {
                        missed.set(missed.get() + 1);
                    }
                    emission.advance();
                }
            }));
            if let Err(payload) = run {
                emission.panicked(event, payload);
                if let Some(observed) = observed {
                    emission.notify_ended(observed);
                }
                emission.advance();
            }
            if let Some(skip) = emission.halted() {
                self.skip_remaining(emission, skip, missed, observed);
            }
        }
    }

    /// Makes the delivery at the emission's position; returns `false` if the subscription there is over.
    fn deliver(
        &self,
        event: &dyn InlineEvent,
        emission: &Emission<'_>,
        observed: Option<&EmissionObservers<'_>>,
    ) -> bool {
        let step = self.step(emission.position());
        let mut trace = Trace::NONE;
        if let Some(observed) = observed {
            // A subscription that is over and not removed yet is removed by its delivery.
            if let Step::Subscription(node) = step
                && !node.is_alive()
            {
                return node.deliver_any(event, emission);
            }
            trace = emission.start_observed(observed);
        }
        let delivered = trace.run(|| match step {
            Step::Handler(index) => {
                event.call_handler(self.entry, index, emission);
                true
            }
            Step::Subscription(node) => node.deliver_any(event, emission),
        });
        if let Some(observed) = observed {
            if delivered {
                emission.notify_ended(observed);
            } else {
                emission.notify_ended_as(observed, DeliveryStatus::Skipped(SkipReason::Cancelled));
            }
        }
        delivered
    }

    /// Skips the steps from the emission's position on; each is counted and observed.
    #[cold]
    fn skip_remaining(
        &self,
        emission: &Emission<'_>,
        skip: SkipReason,
        missed: &Cell<usize>,
        observed: Option<&EmissionObservers<'_>>,
    ) {
        while emission.position() < self.len() {
            if self.is_alive(emission.position()) {
                emission.skip(skip);
                if let Some(observed) = observed {
                    emission.notify_ended_as(observed, DeliveryStatus::Skipped(skip));
                }
            } else {
                missed.set(missed.get() + 1);
            }
            emission.advance();
        }
    }
}

impl HandlerLookup for InlinePositions<'_> {
    fn event(&self) -> &'static EventInfo {
        self.entry.event()
    }

    fn handler(&self, position: usize) -> HandlerInfo {
        match self.step(position) {
            Step::Handler(index) => self.entry.handler(index),
            Step::Subscription(node) => node.info(),
        }
    }

    fn as_event<'a>(&self, event: &'a dyn Any) -> &'a dyn AnyEvent {
        self.entry.as_event(event)
    }
}

/// Runs handlers and subscriptions one by one, with a check after each; returns how many deliveries there
/// were, done or not.
pub(crate) fn run_full(
    inner: &Arc<DispatcherState>,
    entry: &TableEntry,
    event: &dyn InlineEvent,
    state: &LazyState,
    lineage: &Lineage,
    observed: Option<&EmissionObservers<'_>>,
) -> usize {
    let subscribed = entry.subscribed();
    let view = InlinePositions::new(entry, subscribed.as_deref());
    let emission = Emission::new(inner, &view, lineage, state);
    let missed = Cell::new(0);
    view.run_remaining(event, &emission, &missed, observed);
    view.len() - missed.get()
}
