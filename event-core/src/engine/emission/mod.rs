//! One event on its way through its handlers, as the handlers' side sees it.

pub(crate) mod cascade;
pub(crate) mod cascade_state;
pub(crate) mod deferred_event;
pub(crate) mod delivery;
pub(crate) mod emitter_buffer;
pub(crate) mod erased;
pub(crate) mod first_poll;
pub(crate) mod lineage;
pub(crate) mod options;
pub(crate) mod refusal;
pub(crate) mod values;

use std::any::Any;
use std::cell::{Cell, RefMut};
use std::sync::Arc;

use crate::box_error::BoxError;
use crate::engine::emission::cascade_state::{CascadeState, LazyState};
use crate::engine::emission::emitter_buffer::EmitterBuffer;
use crate::engine::emission::erased::ErasedEvent;
use crate::engine::emission::lineage::Lineage;
use crate::engine::failure_log;
use crate::engine::observers::{DeliveryTimer, EmissionObservers};
use crate::engine::plan::bound::CollectedEffects;
use crate::engine::plan::bound::EffectSink;
use crate::engine::plan::bound::NotRun;
use crate::engine::state::DispatcherState;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::meta::Meta;
use crate::panics;
use crate::report::failure::{Cause, Failure};
use crate::report::snapshot::Snapshot;
use crate::report::status::{DeliveryStatus, SkipReason};
use crate::spans::Trace;

/// Tells which handler stands at a position, when a failure asks.
pub(crate) trait HandlerLookup {
    fn event(&self) -> &'static EventInfo;
    fn handler(&self, position: usize) -> HandlerInfo;
    /// The event that is on its way, given as what has its type.
    fn as_event<'a>(&self, event: &'a dyn Any) -> &'a dyn AnyEvent;
    /// Which delivery of the event to the handler this is, from 1.
    fn attempt(&self) -> u32 {
        1
    }
}

/// One event on its way through its handlers.
///
/// It lives on the emitter's stack. A delivery that is simply done writes one word of it, the
/// position; all else goes to the record, which is made when there is something to record.
pub(crate) struct Emission<'e> {
    inner: &'e Arc<DispatcherState>,
    lookup: &'e dyn HandlerLookup,
    /// The handler that runs now is the one at `first + offset`; written before each call, so
    /// that a panic finds it. In two parts, since a call site knows the second.
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

    /// The identity of the event, as the current delivery has it; made now, if nobody asked before.
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
        // Not while the record is borrowed: the clock is the user's.
        let meta = self.inner.meta_of(self.lineage, own.as_deref());
        self.state_mut().progress.meta = Some(meta.clone());
        meta
    }

    /// What an event comes from that this emission causes.
    fn origin_of_caused(&self) -> Lineage {
        if self.inner.makes_meta() {
            self.emission_meta();
        }
        let parent = self.state_mut().progress.parent(self.lineage);
        self.lineage.caused(parent, self.trace())
    }

    /// The event as failures keep it; made now, if none has failed before.
    fn snapshot(&self, event: &dyn AnyEvent) -> Arc<Snapshot> {
        if let Some(snapshot) = &self.state_mut().progress.snapshot {
            return Arc::clone(snapshot);
        }
        // Not while the record is borrowed: what shows the event is the user's.
        let snapshot = Snapshot::of(event, self.meta());
        self.state_mut().progress.snapshot = Some(Arc::clone(&snapshot));
        snapshot
    }

    /// Tells observers that the handler at the current position is about to be called; answers the
    /// span to call it in.
    #[cold]
    pub(crate) fn start_observed(&self, observed: &EmissionObservers<'_>) -> Trace {
        let timer = observed.delivery_started(self.handler());
        self.set_timer(timer)
    }

    /// The same, where they were told.
    pub(crate) fn set_timer(&self, timer: DeliveryTimer) -> Trace {
        let trace = timer.trace.clone();
        self.state_mut().progress.timer = timer;
        trace
    }

    /// The delivery at the current position, if it is under way and observed.
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
        observed.ended(self.handler(), ended, None, &timer);
    }

    /// The span of the delivery that runs now.
    fn trace(&self) -> Trace {
        let state = self.state.get().map(|state| state.borrow());
        state.map_or(Trace::NONE, |state| state.progress.timer.trace.clone())
    }

    /// Where the handler stands that runs now.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.first.get() as usize + self.offset.get() as usize
    }

    /// The handler at `position` runs next.
    #[inline]
    pub(crate) fn set_position(&self, position: usize) {
        debug_assert!(u32::try_from(position).is_ok(), "no list is that long");
        #[allow(clippy::cast_possible_truncation, reason = "asserted")]
        self.first.set(position as u32);
        self.offset.set(0);
    }

    /// The handler at this distance behind the last position that was set runs next.
    #[inline]
    pub(crate) fn set_offset(&self, offset: u32) {
        self.offset.set(offset);
    }

    /// Goes on to the next handler.
    #[inline]
    pub(crate) fn advance(&self) {
        self.offset.set(self.offset.get() + 1);
    }

    fn state_mut(&self) -> RefMut<'_, CascadeState> {
        self.state.get_or_init(Box::default).borrow_mut()
    }

    /// Opens the buffer of an emitter for the current handler. A handler may take two
    /// emitters; each has its own.
    pub(crate) fn open_emitter(&self) -> Arc<EmitterBuffer> {
        let (handler, dispatcher) = (self.handler(), self.inner.weak());
        let emitters = EmitterBuffer::new(handler, dispatcher, self.lineage, self.trace());
        let emitters = Arc::new(emitters);
        self.state_mut().emitters.push(Arc::clone(&emitters));
        emitters
    }

    /// Whether no further handler of the event shall run, and why.
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
        let handler = self.handler();
        let timer = self.take_timer();
        let state = self.state.get().map(|state| state.borrow());
        match state {
            Some(state) if state.progress.not_done_at == self.position() + 1 => {
                let ended = state.progress.ended;
                let failure = state.details.failures.last();
                let failure = failure.filter(|failure| failure.ended() == Some(ended));
                observed.ended(handler, ended, failure, &timer);
            }
            _ => observed.ended(handler, DeliveryStatus::Done, None, &timer),
        }
    }

    /// The handler was not called.
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

    /// The handler at the current position panicked; the emission goes on behind it.
    #[cold]
    pub(crate) fn panicked(&self, event: &dyn AnyEvent, payload: Box<dyn Any + Send>) {
        let message = panics::message(payload);
        self.failed(event, DeliveryStatus::Panicked, Cause::Panic(message));
    }

    /// Takes in what the call of an async handler led to.
    #[cold]
    pub(crate) fn conclude(&self, event: &dyn AnyEvent, collected: CollectedEffects) {
        for event in collected.caused {
            self.cause(event);
        }
        for error in collected.errors {
            self.failed(event, DeliveryStatus::Failed, Cause::Error(error));
        }
        if let Some(limit) = collected.timed_out {
            self.failed(event, DeliveryStatus::TimedOut, Cause::TimedOut(limit));
        }
    }

    /// Emitters that were opened before the emission came to be.
    pub(crate) fn attach_emitters(&self, emitters: Vec<Arc<EmitterBuffer>>) {
        if !emitters.is_empty() {
            self.state_mut().emitters.extend(emitters);
        }
    }

    /// Counts the delivery at the current position as ended in a way that is no failure.
    pub(crate) fn ended(&self, ended: DeliveryStatus) {
        self.count(ended);
    }

    /// The delivery of the event at the current position failed.
    #[cold]
    pub(crate) fn failed(&self, event: &dyn AnyEvent, ended: DeliveryStatus, cause: Cause) {
        let failure = Failure::new(self.event(), Some(self.handler()), cause)
            .of(self.snapshot(event), self.lineage.scope());
        self.count(ended);
        // Not while the record is borrowed: who writes logs may emit.
        failure_log::failure(self.inner, &failure, &self.trace(), &self.lineage.trace);
        let mut state = self.state_mut();
        state.details.failures.push(failure);
        if state.fail_fast {
            state.progress.halted = Some(SkipReason::EarlierFailure);
        }
    }

    /// Counts a delivery that ended other than done, the first time it says so.
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
    /// The delivery at the current position caused an event.
    fn cause(&self, event: Box<dyn ErasedEvent>) {
        let lineage = self.origin_of_caused();
        let mut state = self.state_mut();
        state.drain_emitters(self.inner, &lineage);
        state.queue(self.inner, event, self.handler(), lineage);
    }

    /// The handler at the current position stopped the emission.
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

/// Takes in the outcome of a call that has ended before the next one begins.
pub(crate) struct Ending<'e> {
    emission: &'e Emission<'e>,
    /// The event, which nobody needs unless the call failed. Generated code knows its type before it knows that
    /// it is an event.
    event: &'e dyn Any,
}

impl<'e> Ending<'e> {
    #[inline]
    pub(crate) fn new(emission: &'e Emission<'e>, event: &'e dyn Any) -> Self {
        Self { emission, event }
    }

    /// The handler was not called.
    #[cold]
    pub(crate) fn not_run(&self, why: NotRun) {
        self.emission.not_run(self.event(), why);
    }

    fn event(&self) -> &'e dyn AnyEvent {
        self.emission.lookup.as_event(self.event)
    }
}

impl EffectSink for Ending<'_> {
    fn cause(&self, event: Box<dyn ErasedEvent>) {
        self.emission.cause(event);
    }

    #[cold]
    fn fail(&self, error: BoxError) {
        let (event, cause) = (self.event(), Cause::Error(error));
        self.emission.failed(event, DeliveryStatus::Failed, cause);
    }

    #[cold]
    fn stop(&self) {
        self.emission.stop();
    }
}
