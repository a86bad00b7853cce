//! One event and the run through its handlers, as calls of handlers see it.

mod attempt;
pub(crate) mod awaited_event;
pub(crate) mod cascade;
pub(crate) mod cascade_state;
pub(crate) mod deferred_delivery;
pub(crate) mod deferred_event;
pub(crate) mod delivery;
pub(crate) mod emitter_buffer;
pub(crate) mod ending;
pub(crate) mod erased;
pub(crate) mod first_poll;
pub(crate) mod lineage;
pub(crate) mod options;
pub(crate) mod pending_event;
pub(crate) mod refusal;
pub(crate) mod single_handler;
pub(crate) mod values;

use std::any::Any;
use std::cell::{Cell, RefMut};
use std::sync::Arc;

use crate::engine::emission::cascade_state::{CascadeState, LazyState};
use crate::engine::emission::emitter_buffer::EmitterBuffer;
use crate::engine::emission::erased::ErasedEvent;
use crate::engine::emission::lineage::Lineage;
use crate::engine::failure_log;
use crate::engine::observers::{DeliveryTimer, EmissionObservers};
use crate::engine::plan::bound::CollectedEffects;
use crate::engine::plan::bound::NotRun;
use crate::engine::state::DispatcherState;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::meta::Meta;
use crate::panics;
use crate::report::failure::{Cause, Failure};
use crate::report::redeliver::Redeliver;
use crate::report::snapshot::Snapshot;
use crate::report::status::{DeliveryStatus, SkipReason};
use crate::retry::RetryPolicy;
use crate::spans::Trace;

/// Looks up the handler at a position, for failures and observers.
pub(crate) trait HandlerLookup {
    fn event(&self) -> &'static EventInfo;
    fn handler(&self, position: usize) -> HandlerInfo;
    /// Casts the current event, whose concrete type the lookup knows.
    fn as_event<'a>(&self, event: &'a dyn Any) -> &'a dyn AnyEvent;
    /// Which delivery of the event to the handler this is, counted from 1.
    fn attempt(&self) -> u32 {
        1
    }
    /// Keeps the delivery at the current position, which has failed, so that it can be redelivered.
    fn keep(&self) -> Option<Arc<dyn Redeliver>> {
        None
    }
    /// The policy of the handler at a position, if its delivery may be tried again.
    fn retry(&self, position: usize) -> Option<&RetryPolicy> {
        let _ = position;
        None
    }
}

/// One event and the run through its handlers.
///
/// It lives on the emitter's stack. A delivery that is simply done writes one word of it, the position;
/// everything else is kept in the state, which is made on first use.
pub(crate) struct Emission<'e> {
    inner: &'e Arc<DispatcherState>,
    lookup: &'e dyn HandlerLookup,
    /// The current handler is the one at `first + offset`. The position is written before each call, so
    /// that it is known if the handler panics. It has two parts, since a call site knows the second one.
    first: Cell<u32>,
    offset: Cell<u32>,
    lineage: &'e Lineage,
    state: &'e LazyState,
}

impl<'e> Emission<'e> {
    #[inline]
    pub(crate) fn new(
        inner: &'e Arc<DispatcherState>,
        lookup: &'e dyn HandlerLookup,
        lineage: &'e Lineage,
        state: &'e LazyState,
    ) -> Self {
        Self {
            inner,
            lookup,
            first: Cell::new(0),
            offset: Cell::new(0),
            lineage,
            state,
        }
    }

    pub(crate) fn event(&self) -> &'static EventInfo {
        self.lookup.event()
    }

    pub(crate) fn handler(&self) -> HandlerInfo {
        self.lookup.handler(self.position())
    }

    pub(crate) fn lineage(&self) -> &'e Lineage {
        self.lineage
    }

    pub(crate) fn inner(&self) -> &'e Arc<DispatcherState> {
        self.inner
    }

    /// Returns the identity of the event for the current delivery; made on first use.
    pub(crate) fn meta(&self) -> Meta {
        self.emission_meta().with_attempt(self.lookup.attempt())
    }

    fn emission_meta(&self) -> Meta {
        if let Some(meta) = &self.lineage.meta {
            return meta.clone();
        }
        let own = {
            let state = self.state_mut();
            if let Some(meta) = &state.progress.meta {
                return meta.clone();
            }
            self.lineage.own().or(state.progress.own.as_ref()).cloned()
        };
        // The state is not borrowed here: the clock is the user's code.
        let meta = self.inner.meta_of(self.lineage, own.as_deref());
        self.state_mut().progress.meta = Some(meta.clone());
        meta
    }

    /// Makes the lineage of an event that this emission causes.
    fn origin_of_caused(&self) -> Lineage {
        if self.inner.makes_meta() {
            self.emission_meta();
        }
        let parent = self.state_mut().progress.parent(self.lineage);
        self.lineage.caused(parent, self.trace())
    }

    /// Returns the event as failures keep it; made at the first failure.
    fn snapshot(&self, event: &dyn AnyEvent) -> Arc<Snapshot> {
        if let Some(snapshot) = &self.state_mut().progress.snapshot {
            return Arc::clone(snapshot);
        }
        // The state is not borrowed here: the event is shown by the user's code.
        let snapshot = Snapshot::of(event, self.meta());
        self.state_mut().progress.snapshot = Some(Arc::clone(&snapshot));
        snapshot
    }

    /// Tells observers that the handler at the current position is about to be called; returns the span
    /// to call it in.
    #[cold]
    pub(crate) fn start_observed(&self, observed: &EmissionObservers<'_>) -> Trace {
        let timer = observed.delivery_started(self.handler(), self.lookup.attempt());
        self.set_timer(timer)
    }

    /// Keeps the timer of a delivery that observers were told of; returns the span to call its handler
    /// in.
    pub(crate) fn set_timer(&self, timer: DeliveryTimer) -> Trace {
        let trace = timer.trace.clone();
        self.state_mut().progress.timer = timer;
        trace
    }

    /// Takes the timer of the delivery at the current position; the default if it is not observed.
    pub(crate) fn take_timer(&self) -> DeliveryTimer {
        let state = self.state.get();
        state.map_or_else(DeliveryTimer::default, |state| {
            std::mem::take(&mut state.borrow_mut().progress.timer)
        })
    }

    /// Tells observers of a delivery that was not made, and that is no failure.
    #[cold]
    pub(crate) fn notify_ended_as(&self, observed: &EmissionObservers<'_>, ended: DeliveryStatus) {
        let timer = self.take_timer();
        let attempt = self.lookup.attempt();
        observed.ended(self.handler(), attempt, ended, None, &timer);
    }

    /// Returns the span of the current delivery.
    fn trace(&self) -> Trace {
        let state = self.state.get().map(|state| state.borrow());
        state.map_or(Trace::NONE, |state| state.progress.timer.trace.clone())
    }

    /// Returns the position of the current handler.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.first.get() as usize + self.offset.get() as usize
    }

    /// Sets the position of the next handler.
    #[inline]
    pub(crate) fn set_position(&self, position: usize) {
        debug_assert!(u32::try_from(position).is_ok(), "no list is that long");
        #[allow(clippy::cast_possible_truncation, reason = "asserted")]
        self.first.set(position as u32);
        self.offset.set(0);
    }

    /// Sets the position of the next handler, as a distance from the one that was last set.
    #[inline]
    pub(crate) fn set_offset(&self, offset: u32) {
        self.offset.set(offset);
    }

    /// Moves the position to the next handler.
    #[inline]
    pub(crate) fn advance(&self) {
        self.offset.set(self.offset.get() + 1);
    }

    fn state_mut(&self) -> RefMut<'_, CascadeState> {
        self.state.get_or_init(Box::default).borrow_mut()
    }

    /// Opens the buffer of an emitter for the current handler. If a handler takes two emitters, each has
    /// its own buffer.
    pub(crate) fn open_emitter(&self) -> Arc<EmitterBuffer> {
        let (handler, dispatcher) = (self.handler(), self.inner.weak());
        let emitters = EmitterBuffer::new(handler, dispatcher, self.lineage, self.trace());
        let emitters = Arc::new(emitters);
        self.state_mut().emitters.push(Arc::clone(&emitters));
        emitters
    }

    /// Why no further handler of the event runs, if so.
    #[inline]
    pub(crate) fn halted(&self) -> Option<SkipReason> {
        self.state.get()?.borrow().progress.halted
    }

    /// Counts the delivery at the current position as skipped.
    #[cold]
    pub(crate) fn skip(&self, skip: SkipReason) {
        self.count(DeliveryStatus::Skipped(skip));
    }

    /// Tells observers how the delivery at the current position ended.
    #[cold]
    pub(crate) fn notify_ended(&self, observed: &EmissionObservers<'_>) {
        let (handler, attempt) = (self.handler(), self.lookup.attempt());
        let timer = self.take_timer();
        let state = self.state.get().map(|state| state.borrow());
        match state {
            Some(state) if state.progress.not_done_at == self.position() + 1 => {
                let ended = state.progress.ended;
                let failure = state.details.failures.last();
                let failure = failure.filter(|failure| failure.ended() == Some(ended));
                observed.ended(handler, attempt, ended, failure, &timer);
            }
            _ => observed.ended(handler, attempt, DeliveryStatus::Done, None, &timer),
        }
    }

    /// Counts a delivery whose handler was not called.
    #[cold]
    pub(crate) fn not_run(&self, event: &dyn AnyEvent, why: NotRun) {
        match why {
            NotRun::Filtered => self.count(DeliveryStatus::Skipped(SkipReason::Filter)),
            NotRun::EarlierFailure => {
                self.count(DeliveryStatus::Skipped(SkipReason::EarlierFailure));
            }
            NotRun::Cancelled => self.count(DeliveryStatus::Skipped(SkipReason::Cancelled)),
            NotRun::Rejected(error) => {
                self.failed(event, DeliveryStatus::Failed, Cause::Error(error));
            }
        }
    }

    /// Adds the failure of a panic of the handler at the current position. The caller continues behind
    /// it.
    #[cold]
    pub(crate) fn panicked(&self, event: &dyn AnyEvent, payload: Box<dyn Any + Send>) {
        let message = panics::message(payload);
        self.failed(event, DeliveryStatus::Panicked, Cause::Panic(message));
    }

    /// Adds the effects of the call of an async handler.
    #[cold]
    pub(crate) fn conclude(&self, event: &dyn AnyEvent, collected: CollectedEffects) {
        for event in collected.caused {
            self.cause(event);
        }
        self.state_mut().progress.is_permanent = collected.is_permanent;
        for error in collected.errors {
            self.failed(event, DeliveryStatus::Failed, Cause::Error(error));
        }
        if let Some(limit) = collected.timed_out {
            self.failed(event, DeliveryStatus::TimedOut, Cause::TimedOut(limit));
        }
    }

    /// Adds emitters that were opened before this emission was made.
    pub(crate) fn attach_emitters(&self, emitters: Vec<Arc<EmitterBuffer>>) {
        if !emitters.is_empty() {
            self.state_mut().emitters.extend(emitters);
        }
    }

    /// Counts the delivery at the current position with a status that is no failure.
    pub(crate) fn ended(&self, ended: DeliveryStatus) {
        self.count(ended);
    }

    /// Adds the failure of the delivery at the current position.
    #[cold]
    pub(crate) fn failed(&self, event: &dyn AnyEvent, ended: DeliveryStatus, cause: Cause) {
        let retry = self.next_wait(ended, &cause);
        let failure = Failure::new(self.event(), Some(self.handler()), cause)
            .of(self.snapshot(event), self.lineage.scope())
            .in_dispatcher(self.inner.name());
        if let Some(wait) = retry {
            self.fail_attempt(failure, wait);
            return;
        }
        // An earlier error of the attempt would have been healed by another one.
        if let Some(earlier) = self.take_failed_attempt() {
            self.add_failure(ended, earlier.failure);
        }
        self.add_failure(ended, failure);
    }

    #[cold]
    fn add_failure(&self, ended: DeliveryStatus, mut failure: Failure) {
        if failure.may_keep() {
            failure.redelivery = self.keep();
        }
        self.count(ended);
        // The state is not borrowed here: a log subscriber may emit.
        failure_log::failure(self.inner, &failure, &self.trace(), &self.lineage.trace);
        let mut state = self.state_mut();
        state.details.failures.push(failure);
        if state.fail_fast {
            state.progress.halted = Some(SkipReason::EarlierFailure);
        }
    }

    /// Keeps the delivery at the current position, once for all of its errors.
    fn keep(&self) -> Option<Arc<dyn Redeliver>> {
        let state = self.state.get().map(|state| state.borrow());
        match state {
            Some(state) if state.progress.not_done_at == self.position() + 1 => {
                state.details.failures.last()?.redelivery.clone()
            }
            _ => self.lookup.keep(),
        }
    }

    /// Counts a delivery that ended with a status other than done, once.
    fn count(&self, ended: DeliveryStatus) {
        let at = self.position() + 1;
        let mut state = self.state_mut();
        if state.progress.not_done_at == at {
            return;
        }
        state.progress.not_done_at = at;
        state.progress.not_done += 1;
        state.progress.ended = ended;
        state.details.count(ended);
    }
}

impl Emission<'_> {
    /// Adds an event that the delivery at the current position caused.
    fn cause(&self, event: Box<dyn ErasedEvent>) {
        let lineage = self.origin_of_caused();
        let mut state = self.state_mut();
        state.drain_emitters(self.inner, &lineage);
        state.queue(self.inner, event, self.handler(), lineage);
    }

    /// Stops the emission at the current position, if the event is stoppable.
    #[cold]
    fn stop(&self) {
        if !self.event().is_stoppable() {
            return;
        }
        let mut state = self.state_mut();
        state.progress.halted = Some(SkipReason::Break);
        state.details.stopped_by = Some(self.handler());
    }
}
