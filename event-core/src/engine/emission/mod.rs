//! One event on its way through its handlers, as the handlers' side sees it.

pub(crate) mod cascade;
pub(crate) mod emitter_buffer;
pub(crate) mod erased;
pub(crate) mod lineage;
pub(crate) mod nesting;
pub(crate) mod replay;
pub(crate) mod values;

use std::any::Any;
use std::cell::{Cell, RefMut};
use std::sync::Arc;

use crate::engine::emission::cascade::{CascadeState, LazyState};
use crate::engine::emission::emitter_buffer::EmitterBuffer;
use crate::engine::emission::erased::ErasedEvent;
use crate::engine::emission::lineage::Lineage;
use crate::engine::observers::{DeliveryTimer, EmissionObservers};
use crate::engine::plan::bound::CollectedEffects;
use crate::engine::plan::bound::EffectSink;
use crate::engine::plan::bound::NotRun;
use crate::engine::state::DispatcherState;
use crate::error::BoxError;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::meta::Meta;
use crate::report::failure::{Cause, Failure};
use crate::report::snapshot::Snapshot;
use crate::report::status::{Ended, Skip};
use crate::spans::Trace;
use crate::{log, panics};

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
    who: &'e dyn HandlerLookup,
    /// The handler that runs now is the one at `first + offset`; written before each call, so
    /// that a panic finds it. In two parts, since a call site knows the second.
    first: Cell<u32>,
    offset: Cell<u32>,
    origin: &'e Lineage,
    record: &'e LazyState,
}

impl<'e> Emission<'e> {
    #[inline]
    pub(crate) fn new(
        inner: &'e Arc<DispatcherState>,
        who: &'e dyn HandlerLookup,
        origin: &'e Lineage,
        record: &'e LazyState,
    ) -> Self {
        Self {
            inner,
            who,
            first: Cell::new(0),
            offset: Cell::new(0),
            origin,
            record,
        }
    }

    pub(crate) fn event(&self) -> &'static EventInfo {
        self.who.event()
    }

    pub(crate) fn handler(&self) -> HandlerInfo {
        self.who.handler(self.position())
    }

    pub(crate) fn origin(&self) -> &'e Lineage {
        self.origin
    }

    pub(crate) fn inner(&self) -> &'e Arc<DispatcherState> {
        self.inner
    }

    /// The identity of the event, as the current delivery has it; made now, if nobody asked before.
    pub(crate) fn meta(&self) -> Meta {
        self.emission_meta().with_attempt(self.who.attempt())
    }

    fn emission_meta(&self) -> Meta {
        if let Some(meta) = &self.origin.stamp {
            return meta.clone();
        }
        let own = {
            let more = self.more();
            if let Some(meta) = &more.progress.meta {
                return meta.clone();
            }
            self.origin.own().or(more.progress.own.as_ref()).cloned()
        };
        // Not while the record is borrowed: the clock is the user's.
        let meta = self.inner.stamp(self.origin, own.as_deref());
        self.more().progress.meta = Some(meta.clone());
        meta
    }

    /// What an event comes from that this emission causes.
    fn origin_of_caused(&self) -> Lineage {
        if self.inner.is_stamping() {
            self.emission_meta();
        }
        let parent = self.more().progress.parent(self.origin);
        self.origin.caused(parent, self.trace())
    }

    /// The event as failures keep it; made now, if none has failed before.
    fn snapshot(&self, event: &dyn AnyEvent) -> Arc<Snapshot> {
        if let Some(snapshot) = &self.more().progress.snapshot {
            return Arc::clone(snapshot);
        }
        // Not while the record is borrowed: what shows the event is the user's.
        let snapshot = Snapshot::of(event, self.meta());
        self.more().progress.snapshot = Some(Arc::clone(&snapshot));
        snapshot
    }

    /// Tells observers that the handler at the current position is about to be called; answers the
    /// span to call it in.
    #[cold]
    pub(crate) fn start_observed(&self, observed: &EmissionObservers<'_>) -> Trace {
        let under_way = observed.delivery_started(self.handler());
        self.set_under_way(under_way)
    }

    /// The same, where they were told.
    pub(crate) fn set_under_way(&self, under_way: DeliveryTimer) -> Trace {
        let trace = under_way.trace.clone();
        self.more().progress.under_way = under_way;
        trace
    }

    /// The delivery at the current position, if it is under way and observed.
    pub(crate) fn take_under_way(&self) -> DeliveryTimer {
        let record = self.record.get();
        record.map_or_else(DeliveryTimer::default, |more| {
            std::mem::take(&mut more.borrow_mut().progress.under_way)
        })
    }

    /// Tells observers of a delivery that was not made, and that is no failure.
    #[cold]
    pub(crate) fn tell_ended_as(&self, observed: &EmissionObservers<'_>, ended: Ended) {
        let under_way = self.take_under_way();
        observed.ended(self.handler(), ended, None, &under_way);
    }

    /// The span of the delivery that runs now.
    fn trace(&self) -> Trace {
        let more = self.record.get().map(|more| more.borrow());
        more.map_or(Trace::NONE, |more| more.progress.under_way.trace.clone())
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

    fn more(&self) -> RefMut<'_, CascadeState> {
        self.record.get_or_init(Box::default).borrow_mut()
    }

    /// Opens the buffer of an emitter for the current handler. A handler may take two
    /// emitters; each has its own.
    pub(crate) fn open_given(&self) -> Arc<EmitterBuffer> {
        let (handler, dispatcher) = (self.handler(), self.inner.handle());
        let given = EmitterBuffer::new(handler, dispatcher, self.origin, self.trace());
        let given = Arc::new(given);
        self.more().given.push(Arc::clone(&given));
        given
    }

    /// Whether no further handler of the event shall run, and why.
    #[inline]
    pub(crate) fn halted(&self) -> Option<Skip> {
        self.record.get()?.borrow().progress.halted
    }

    /// Counts the delivery at the current position as skipped.
    #[cold]
    pub(crate) fn skip(&self, skip: Skip) {
        self.count(Ended::Skipped(skip));
    }

    /// Tells observers how the delivery at the current position ended.
    #[cold]
    pub(crate) fn tell_ended(&self, observed: &EmissionObservers<'_>) {
        let handler = self.handler();
        let under_way = self.take_under_way();
        let more = self.record.get().map(|more| more.borrow());
        match more {
            Some(more) if more.progress.undone_at == self.position() + 1 => {
                let ended = more.progress.ended;
                let failure = more.details.failures.last();
                let failure = failure.filter(|failure| failure.ended() == Some(ended));
                observed.ended(handler, ended, failure, &under_way);
            }
            _ => observed.ended(handler, Ended::Done, None, &under_way),
        }
    }

    /// The handler was not called.
    #[cold]
    pub(crate) fn not_run(&self, event: &dyn AnyEvent, why: NotRun) {
        match why {
            NotRun::Filtered => self.count(Ended::Skipped(Skip::Filter)),
            NotRun::Cancelled => self.count(Ended::Skipped(Skip::Cancelled)),
            NotRun::Rejected(error) => self.failed(event, Ended::Failed, Cause::Error(error)),
        }
    }

    /// The handler at the current position panicked; the emission goes on behind it.
    #[cold]
    pub(crate) fn panicked(&self, event: &dyn AnyEvent, payload: Box<dyn Any + Send>) {
        let message = panics::message(payload);
        self.failed(event, Ended::Panicked, Cause::Panic(message));
    }

    /// Takes in what the call of an async handler led to.
    #[cold]
    pub(crate) fn conclude(&self, event: &dyn AnyEvent, collected: CollectedEffects) {
        for event in collected.caused {
            self.cause(event);
        }
        for error in collected.errors {
            self.failed(event, Ended::Failed, Cause::Error(error));
        }
        if let Some(limit) = collected.timed_out {
            self.failed(event, Ended::TimedOut, Cause::TimedOut(limit));
        }
    }

    /// Emitters that were opened before the emission came to be.
    pub(crate) fn adopt(&self, given: Vec<Arc<EmitterBuffer>>) {
        if !given.is_empty() {
            self.more().given.extend(given);
        }
    }

    /// Counts the delivery at the current position as ended in a way that is no failure.
    pub(crate) fn ended(&self, ended: Ended) {
        self.count(ended);
    }

    /// The delivery of the event at the current position failed.
    #[cold]
    pub(crate) fn failed(&self, event: &dyn AnyEvent, ended: Ended, cause: Cause) {
        let failure = Failure::new(self.event(), Some(self.handler()), cause)
            .of(self.snapshot(event), self.origin.stand());
        self.count(ended);
        // Not while the record is borrowed: who writes logs may emit.
        log::failure(self.inner, &failure, &self.trace(), &self.origin.trace);
        let mut more = self.more();
        more.details.failures.push(failure);
        if more.fail_fast {
            more.progress.halted = Some(Skip::EarlierFailure);
        }
    }

    /// Counts a delivery that ended other than done, the first time it says so.
    fn count(&self, ended: Ended) {
        let at = self.position() + 1;
        let mut more = self.more();
        if more.progress.undone_at == at {
            return;
        }
        more.progress.undone_at = at;
        more.progress.undone += 1;
        more.progress.ended = ended;
        more.details.count(ended);
    }
}

impl Emission<'_> {
    /// The delivery at the current position caused an event.
    fn cause(&self, event: Box<dyn ErasedEvent>) {
        let origin = self.origin_of_caused();
        let mut more = self.more();
        more.drain_emitters(self.inner, &origin);
        more.queue(self.inner, event, self.handler(), origin);
    }

    /// The handler at the current position stopped the emission.
    #[cold]
    fn stop(&self) {
        if !self.event().is_stoppable() {
            return;
        }
        let mut more = self.more();
        more.progress.halted = Some(Skip::Break);
        more.details.stopped_by = Some(self.handler());
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
        self.emission.who.as_event(self.event)
    }
}

impl EffectSink for Ending<'_> {
    fn cause(&self, event: Box<dyn ErasedEvent>) {
        self.emission.cause(event);
    }

    #[cold]
    fn fail(&self, error: BoxError) {
        let (event, cause) = (self.event(), Cause::Error(error));
        self.emission.failed(event, Ended::Failed, cause);
    }

    #[cold]
    fn stop(&self) {
        self.emission.stop();
    }
}
