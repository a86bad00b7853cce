//! The events that handlers cause: one first-in-first-out list per root, with its limits.
//!
//! Past 400 lines, since a root and its list are one state: each method keeps both in step.

use std::cell::{OnceCell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::engine::deferred::async_handlers::AsyncHandlers;
use crate::engine::deferred::call::CallExtras;
use crate::engine::deferred::capacity;
use crate::engine::deferred::event::{
    DeferredDelivery, ErasedDeferredEvent, HandlerRef, SingleHandler,
};
use crate::engine::emission::Emission;
use crate::engine::emission::emitter_buffer::{DrainedEmits, EmitterBuffer};
pub(crate) use crate::engine::emission::erased::{ErasedEvent, ReturnedEvent};
use crate::engine::emission::lineage::Lineage;
use crate::engine::emission::nesting;
use crate::engine::emission::nesting::NestingError;
use crate::engine::emit;
use crate::engine::emit::EmitRefusal;
use crate::engine::observers::{DeliveryTimer, EmissionObservers};
use crate::engine::queue::live::{LiveQueue, OfferResult};
use crate::engine::state::DispatcherState;
use crate::event::any::AnyEvent;
use crate::handler_info::HandlerInfo;
use crate::meta::Meta;
use crate::meta::parent::ParentEvent;
use crate::queue::buffer::slots::Slot;
use crate::report::failure::{Cause, Failure};
use crate::report::snapshot::Snapshot;
use crate::report::status::{Ended, Skip};
use crate::report::{Details, Report, Returned};
use crate::spans::Trace;
use crate::{log, panics};

/// One root: an event emitted by code, or several recorded ones, with all they cause.
#[derive(Default)]
pub(crate) struct Cascade {
    pub(crate) done: usize,
    /// Deliveries that were handed to a task or a queue.
    pub(crate) handed_over: usize,
    pub(crate) wait_policy: WaitPolicy,
    pub(crate) record: LazyState,
}

/// What a root does about handlers that do not run inline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WaitPolicy {
    /// Hands them over, and waits for nothing.
    #[default]
    Never,
    /// The same, but lets the thread wait for room in queues.
    BlockForCapacity,
    /// The same, for a thread of a queue: nobody gets the report.
    Serve,
    /// The same, but waits for room in queues as a task.
    AwaitCapacity,
    /// Runs async handlers itself, and waits for room in queues.
    AwaitHandlers,
}

impl WaitPolicy {
    /// Whether the thread may wait for room in queues.
    pub(crate) fn blocks(self) -> bool {
        matches!(self, Self::BlockForCapacity | Self::Serve)
    }

    /// Whether somebody gets the report of a root that waits for room in queues.
    pub(crate) fn is_reported(self) -> bool {
        !matches!(self, Self::Serve | Self::AwaitCapacity)
    }
}

/// What a root has beyond deliveries that were done; made when there is something.
pub(crate) type LazyState = OnceCell<Box<RefCell<CascadeState>>>;

#[derive(Default)]
pub(crate) struct CascadeState {
    waiting: VecDeque<CausedEvent>,
    caused: usize,
    /// The buffers of emitters, until what they were given joins the list.
    pub(crate) given: Vec<Arc<EmitterBuffer>>,
    /// The first failure ends the root.
    pub(crate) fail_fast: bool,
    /// Deliveries that wait for room in their queues.
    pub(crate) blocked: Vec<BlockedDelivery>,
    /// How many of those were lost when whoever waited was dropped.
    pub(crate) lost_rooms: Option<Arc<AtomicUsize>>,
    /// The event whose async handlers the root runs itself.
    pub(crate) structured: Option<AsyncHandlers>,
    /// Of the emission that is under way.
    pub(crate) progress: EmissionProgress,
    pub(crate) details: Details,
}

/// What an emission has to remember of deliveries that ended other than done.
pub(crate) struct EmissionProgress {
    pub(crate) undone: usize,
    /// One more than the position of the last of them: a delivery is counted once.
    pub(crate) undone_at: usize,
    /// How that one ended.
    pub(crate) ended: Ended,
    /// No further handler of the event shall run, and why.
    pub(crate) halted: Option<Skip>,
    /// The emission's identity, if a handler asked for it.
    pub(crate) meta: Option<Meta>,
    /// The event as what it caused knows it, unless it outlives the emission.
    pub(crate) own: Option<Arc<ParentEvent>>,
    /// The event as failures keep it, if a delivery failed.
    pub(crate) snapshot: Option<Arc<Snapshot>>,
    /// The delivery that runs now, if it is observed.
    pub(crate) under_way: DeliveryTimer,
}

struct CausedEvent {
    event: Box<dyn ErasedEvent>,
    /// The handler that caused it; `None` for an event that was recorded.
    by: Option<HandlerInfo>,
    origin: Lineage,
}

/// An event that was handed to its handlers, and has not been let go.
pub(crate) struct EmittedEvent {
    event: ReturnedEvent,
    by: Option<HandlerInfo>,
    depth: u32,
}

/// How long the lists of a root were that handlers add to.
#[derive(Clone, Copy, Default)]
pub(crate) struct CascadeMark {
    waiting: usize,
    returned: usize,
}

/// What handlers added to the lists of a root: events that wait for their turn, and those that a
/// replay discards.
#[derive(Default)]
pub(crate) struct CascadeTail {
    waiting: VecDeque<CausedEvent>,
    returned: Vec<Returned>,
}

impl CascadeTail {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.returned.is_empty()
    }
}

/// A delivery that waits for room in its queue.
pub(crate) struct BlockedDelivery {
    pub(crate) line: Arc<LiveQueue>,
    pub(crate) item: DeferredDelivery,
    /// Where a shutdown finds it, unless somebody gets the report of its root.
    pub(crate) slot: Option<Slot>,
}

impl BlockedDelivery {
    /// Offers it again.
    ///
    /// # Errors
    ///
    /// There is no room after all.
    pub(crate) fn offer(self, inner: &Arc<DispatcherState>) -> Result<OfferResult, Self> {
        let Self { line, item, slot } = self;
        match line.offer(inner, item, slot) {
            OfferResult::NoRoom(item) => Err(Self { line, item, slot }),
            OfferResult::Waits => Ok(OfferResult::Waits),
            offered => {
                let Some(slot) = slot else {
                    return Ok(offered);
                };
                line.buffer.stop_waiting(slot);
                Ok(match offered {
                    // The shutdown that closed the queue has named it abandoned.
                    OfferResult::Closed(item) => OfferResult::Deserted(item),
                    offered => offered,
                })
            }
        }
    }
}

impl Default for EmissionProgress {
    fn default() -> Self {
        Self {
            undone: 0,
            undone_at: 0,
            ended: Ended::Done,
            halted: None,
            meta: None,
            own: None,
            snapshot: None,
            under_way: DeliveryTimer::default(),
        }
    }
}

impl EmissionProgress {
    /// The event, which comes from `origin`, as what it causes knows it.
    pub(crate) fn parent(&mut self, origin: &Lineage) -> Arc<ParentEvent> {
        if let Some(own) = origin.own() {
            return Arc::clone(own);
        }
        let known = self.meta.as_ref();
        let own = self
            .own
            .get_or_insert_with(|| ParentEvent::of(origin, known));
        Arc::clone(own)
    }
}

impl CascadeState {
    /// Adds an event that `handler` caused. One that is in the record of a replay is kept for the
    /// report, and never waits: whatever becomes of the root, it is discarded.
    pub(crate) fn queue(
        &mut self,
        inner: &DispatcherState,
        event: Box<dyn ErasedEvent>,
        handler: HandlerInfo,
        origin: Lineage,
    ) {
        if origin.discards(event.info()) {
            self.discard(inner, event, Some(handler), origin.depth);
            return;
        }
        self.waiting.push_back(CausedEvent {
            event,
            by: Some(handler),
            origin,
        });
    }

    /// Takes what emitters were given into the list, so that it keeps the handlers' order.
    pub(crate) fn drain_emitters(&mut self, inner: &DispatcherState, origin: &Lineage) {
        for given in std::mem::take(&mut self.given) {
            let DrainedEmits { events, trace } = given.close();
            for event in events {
                let origin = Lineage {
                    within: trace.clone(),
                    ..origin.clone()
                };
                self.queue(inner, event, given.handler, origin);
            }
        }
    }

    #[cold]
    fn discard(
        &mut self,
        inner: &DispatcherState,
        event: Box<dyn ErasedEvent>,
        by: Option<HandlerInfo>,
        depth: u32,
    ) {
        inner.count_discarded();
        self.details.discarded += 1;
        self.keep(inner, ReturnedEvent::Own(event), by, depth);
    }

    /// Takes in a failure that is about no delivery.
    pub(crate) fn fail(&mut self, inner: &DispatcherState, failure: Failure) {
        log::failure(inner, &failure, &Trace::NONE, &Trace::NONE);
        self.details.failures.push(failure);
    }

    /// Notes that an emit inside of the root was refused. It was logged when it was.
    fn pass_on(&mut self, refused: Option<NestingError>) {
        self.details.failures.extend(refused.map(Failure::refused));
    }

    /// The next event to emit, unless the root ends here.
    fn next(&mut self, inner: &DispatcherState) -> Option<CausedEvent> {
        if self.fail_fast && !self.details.failures.is_empty() {
            self.leave_the_rest(inner);
            return None;
        }
        loop {
            let next = self.waiting.pop_front()?;
            if next.origin.depth > inner.depth_limit {
                let limit = inner.depth_limit;
                self.leave(inner, next, Some(Cause::TooDeep { limit }));
            } else if next.by.is_none() || self.caused < inner.count_limit {
                self.caused += usize::from(next.by.is_some());
                self.details.events += 1;
                return Some(next);
            } else {
                let cause = Cause::TooMany {
                    limit: inner.count_limit,
                    not_emitted: 1 + self.waiting.len(),
                };
                self.leave(inner, next, Some(cause));
                self.leave_the_rest(inner);
                return None;
            }
        }
    }

    /// Keeps an event without emitting it.
    fn leave(&mut self, inner: &DispatcherState, waiting: CausedEvent, why: Option<Cause>) {
        let CausedEvent { event, by, origin } = waiting;
        self.details.not_emitted += 1;
        if let Some(cause) = why {
            let failure = Failure::new(event.info(), by, cause);
            let failure = failure.of(
                inner.snapshot(event.as_any_event(), &origin),
                origin.stand(),
            );
            log::failure(inner, &failure, &Trace::NONE, &origin.within);
            self.details.failures.push(failure);
        }
        self.keep(inner, ReturnedEvent::Own(event), by, origin.depth);
    }

    fn leave_the_rest(&mut self, inner: &DispatcherState) {
        while let Some(waiting) = self.waiting.pop_front() {
            self.leave(inner, waiting, None);
        }
    }

    /// Keeps an event whose turn is over. One that was recorded is dropped; its `Drop` is the
    /// user's, so it is isolated.
    pub(crate) fn keep(
        &mut self,
        inner: &DispatcherState,
        event: ReturnedEvent,
        by: Option<HandlerInfo>,
        depth: u32,
    ) {
        if let Some(handler) = by {
            let returned = Returned {
                handler,
                event,
                depth,
            };
            self.details.returned.push(returned);
            return;
        }
        if nesting::is_beyond(inner) {
            // Only an event whose `Drop` emits it again gets here: leaking one ends that.
            std::mem::forget(event);
            return;
        }
        let info = event.event().info();
        // Counted as inside of the root, or an event whose `Drop` emits it would never end.
        let (dropped, refused) = nesting::enter(nesting::next(), || panics::catch(|| drop(event)));
        self.pass_on(refused);
        if let Err(panic) = dropped {
            self.fail(inner, Failure::new(info, None, Cause::Drop(panic)));
        }
    }
}

impl Cascade {
    /// A root whose first failure ends it.
    pub(crate) fn fail_fast() -> Self {
        let mut root = Self::default();
        root.more().fail_fast = true;
        root
    }

    pub(crate) fn more(&mut self) -> &mut CascadeState {
        self.record.get_or_init(Box::default);
        match self.record.get_mut() {
            Some(more) => more.get_mut(),
            None => unreachable!("it was just made"),
        }
    }

    /// One whose handlers hand over what they cause in another way than `emit` does.
    pub(crate) fn with(wait_policy: WaitPolicy) -> Self {
        Self {
            wait_policy,
            ..Self::default()
        }
    }

    /// Takes what observers know of a delivery that was dropped while it was under way.
    pub(crate) fn take_under_way(&mut self) -> DeliveryTimer {
        self.record
            .get_mut()
            .map_or_else(DeliveryTimer::default, |more| {
                std::mem::take(&mut more.get_mut().progress.under_way)
            })
    }

    /// The root's own event has had its turn.
    pub(crate) fn end_first(
        &mut self,
        inner: &DispatcherState,
        panic: Option<Failure>,
        refused: Option<NestingError>,
    ) {
        if let Some(failure) = panic {
            self.more().fail(inner, failure);
        }
        self.pass_on(refused);
    }

    /// Takes the event whose async handlers the root runs itself.
    pub(crate) fn take_structured(&mut self) -> Option<AsyncHandlers> {
        self.record.get_mut()?.get_mut().structured.take()
    }

    /// Ends an emission: takes what its last emitters were given into the list, and its deliveries
    /// that ended otherwise from those that were done.
    pub(crate) fn end_emission(&mut self, inner: &DispatcherState, origin: &Lineage) {
        if let Some(more) = self.record.get_mut() {
            let more = more.get_mut();
            if !more.given.is_empty() {
                let progress = &mut more.progress;
                if inner.is_stamping() && origin.stamp.is_none() && progress.meta.is_none() {
                    progress.meta = Some(inner.stamp(origin, progress.own.as_deref()));
                }
                let parent = progress.parent(origin);
                more.drain_emitters(inner, &origin.caused(parent, Trace::NONE));
            }
            self.done -= std::mem::take(&mut more.progress).undone;
        }
    }

    /// Why no further handler of the event that is under way shall run, if so.
    pub(crate) fn halted(&self) -> Option<Skip> {
        self.record.get()?.borrow().progress.halted
    }

    /// Ends one delivery that does not run inline: `conclude` says how. Answers how it ended.
    pub(crate) fn settle(
        &mut self,
        inner: &Arc<DispatcherState>,
        event: &dyn ErasedDeferredEvent,
        target: &HandlerRef,
        conclude: impl FnOnce(&Emission<'_>),
    ) -> Ended {
        self.settle_attempt(inner, event, target, 1, conclude)
    }

    /// Ends one delivery that does not run inline, and that may be a redelivery.
    pub(crate) fn settle_attempt(
        &mut self,
        inner: &Arc<DispatcherState>,
        event: &dyn ErasedDeferredEvent,
        target: &HandlerRef,
        attempt: u32,
        conclude: impl FnOnce(&Emission<'_>),
    ) -> Ended {
        let who = SingleHandler {
            inner,
            event,
            target,
            attempt,
        };
        let emission = Emission::new(inner, &who, event.origin(), &self.record);
        conclude(&emission);
        if let Some(observed) = EmissionObservers::later(inner, event) {
            emission.tell_ended(&observed);
        }
        self.done += 1;
        let progress = self.record.get().map(|more| more.borrow().progress.ended);
        self.end_emission(inner, event.origin());
        progress.unwrap_or(Ended::Done)
    }

    /// Ends the delivery of a subscription that was cancelled before its call. Observers are told, and
    /// nothing is counted. Returns how it ended.
    #[cold]
    pub(crate) fn settle_cancelled(
        &mut self,
        inner: &Arc<DispatcherState>,
        event: &dyn ErasedDeferredEvent,
        target: &HandlerRef,
        left: CallExtras,
    ) -> Ended {
        let ended = Ended::Skipped(Skip::Cancelled);
        if let Some(observed) = EmissionObservers::later(inner, event) {
            let who = SingleHandler {
                inner,
                event,
                target,
                attempt: 1,
            };
            let emission = Emission::new(inner, &who, event.origin(), &self.record);
            left.join(&emission);
            emission.tell_ended_as(&observed, ended);
        }
        ended
    }

    /// How many deliveries ended in this way, which is not done.
    pub(crate) fn count(&self, ended: Ended) -> usize {
        let more = self.record.get();
        more.map_or(0, |more| more.borrow().details.of(ended))
    }

    /// How many deliveries were cancelled that waited for room in their queues.
    pub(crate) fn lost_rooms(&self) -> usize {
        let more = self.record.get().map(|more| more.borrow());
        let lost = more.as_ref().and_then(|more| more.lost_rooms.as_ref());
        lost.map_or(0, |lost| lost.load(Ordering::Relaxed))
    }

    /// How a delivery of the root ends that nobody goes on with.
    pub(crate) fn end_of_the_lost(&self) -> Ended {
        match self.wait_policy {
            WaitPolicy::AwaitHandlers => Ended::Cancelled,
            WaitPolicy::Never
            | WaitPolicy::BlockForCapacity
            | WaitPolicy::Serve
            | WaitPolicy::AwaitCapacity => Ended::Abandoned,
        }
    }

    /// Nobody goes on with the root: each event that waits is a failure.
    pub(crate) fn lose_the_rest(&mut self, inner: &DispatcherState) {
        if let Some(more) = self.record.get_mut() {
            let more = more.get_mut();
            while let Some(waiting) = more.waiting.pop_front() {
                more.leave(inner, waiting, Some(Cause::Lost));
            }
        }
    }

    /// Drops the events of the root, each isolated.
    pub(crate) fn discard_events(&mut self) {
        let Some(more) = self.record.get_mut() else {
            return;
        };
        let more = more.get_mut();
        for waiting in std::mem::take(&mut more.waiting) {
            let depth = waiting.origin.depth;
            nesting::enter_deeper(depth, || panics::drop_caught(waiting));
        }
        for returned in std::mem::take(&mut more.details.returned) {
            returned.discard();
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        let more = self.record.get();
        more.is_some_and(|more| !more.borrow().details.failures.is_empty())
    }

    pub(crate) fn is_fail_fast(&self) -> bool {
        let more = self.record.get();
        more.is_some_and(|more| more.borrow().fail_fast)
    }

    /// Makes this the report of a root that was not emitted. The event has the identity that it came
    /// with, or else the one that it would have had.
    pub(crate) fn not_entered(
        &mut self,
        inner: &DispatcherState,
        event: &dyn AnyEvent,
        meta: Option<Meta>,
        why: &EmitRefusal,
    ) {
        let more = self.more();
        more.details.events = 0;
        let failure = match why {
            EmitRefusal::Refused(refusal) => Failure::refused(*refusal),
            EmitRefusal::Closed => {
                more.details.closed = true;
                Failure::new(event.info(), None, Cause::Closed)
            }
            EmitRefusal::Discarded => {
                more.details.discarded += 1;
                return;
            }
        };
        let origin = Lineage {
            stamp: meta,
            ..Lineage::here(inner)
        };
        more.fail(
            inner,
            failure.of(inner.snapshot(event, &origin), origin.stand()),
        );
    }

    /// The same of a root of one event.
    pub(crate) fn not_emitted(
        &mut self,
        inner: &DispatcherState,
        event: &dyn AnyEvent,
        meta: Option<Meta>,
        why: &EmitRefusal,
    ) {
        self.not_entered(inner, event, meta, why);
        if !matches!(why, EmitRefusal::Discarded) {
            self.more().details.not_emitted += 1;
        }
    }

    /// Drops those of recorded events that are in the record of a replay; answers the others.
    #[cold]
    pub(crate) fn discard_recorded(
        &mut self,
        inner: &DispatcherState,
        events: Vec<Box<dyn ErasedEvent>>,
    ) -> Vec<Box<dyn ErasedEvent>> {
        let (in_record, others): (Vec<_>, _) =
            events.into_iter().partition(|event| event.info().is_wire());
        for event in in_record {
            self.more().discard(inner, event, None, nesting::next());
        }
        others
    }

    /// Keeps what waits without emitting it.
    pub(crate) fn leave_the_rest(&mut self, inner: &DispatcherState) {
        self.more().leave_the_rest(inner);
    }

    /// Notes that an emit inside of this root was refused. It was logged when it was.
    pub(crate) fn pass_on(&mut self, refused: Option<NestingError>) {
        if refused.is_some() {
            self.more().pass_on(refused);
        }
    }

    /// Starts with events that code recorded.
    pub(crate) fn record(&mut self, events: Vec<Box<dyn ErasedEvent>>, origin: &Lineage) {
        let more = self.more();
        more.details.events = 0;
        more.waiting
            .extend(events.into_iter().map(|event| CausedEvent {
                event,
                by: None,
                origin: origin.clone(),
            }));
    }

    /// Emits what handlers caused, in order, until nothing waits.
    #[cold]
    pub(crate) fn run_caused(&mut self, inner: &Arc<DispatcherState>) {
        while self.run_next(inner).is_some() {}
    }

    /// Emits the next event that handlers caused.
    pub(crate) fn run_next(&mut self, inner: &Arc<DispatcherState>) -> Option<()> {
        let turn = self.take_turn(inner)?;
        self.end_turn(inner, turn);
        Some(())
    }

    /// The same, but leaves the event to whoever goes on with its handlers.
    pub(crate) fn take_turn(&mut self, inner: &Arc<DispatcherState>) -> Option<EmittedEvent> {
        self.record.get()?;
        let CausedEvent { event, by, origin } = self.more().next(inner)?;
        let (stand, depth) = (origin.stand(), origin.depth);
        let (event, refused) = stand.enter(inner, || emit::emit_caused(inner, event, self, origin));
        self.pass_on(refused);
        Some(EmittedEvent { event, by, depth })
    }

    /// Keeps an event for the report, or drops one that was recorded.
    pub(crate) fn end_turn(
        &mut self,
        inner: &DispatcherState,
        EmittedEvent { event, by, depth }: EmittedEvent,
    ) {
        self.more().keep(inner, event, by, depth);
    }

    /// The same as [`run_caused`](Self::run_caused), but waits for room in queues as a task.
    pub(crate) async fn run_caused_waiting(&mut self, inner: &Arc<DispatcherState>) {
        loop {
            capacity::wait_for_capacity(inner, self).await;
            if self.run_next(inner).is_none() {
                break;
            }
        }
    }

    /// How many events wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        self.mark().waiting
    }

    /// How long the lists are that handlers add to.
    pub(crate) fn mark(&self) -> CascadeMark {
        self.record.get().map_or(CascadeMark::default(), |more| {
            let more = more.borrow();
            CascadeMark {
                waiting: more.waiting.len(),
                returned: more.details.returned.len(),
            }
        })
    }

    /// Takes back what handlers added since.
    pub(crate) fn take_behind(&mut self, mark: CascadeMark) -> CascadeTail {
        match self.record.get_mut() {
            Some(more) => {
                let more = more.get_mut();
                CascadeTail {
                    waiting: more.waiting.split_off(mark.waiting),
                    returned: more.details.returned.split_off(mark.returned),
                }
            }
            None => CascadeTail::default(),
        }
    }

    /// Adds it again, at the end.
    pub(crate) fn put_back(&mut self, behind: CascadeTail) {
        if !behind.is_empty() {
            let more = self.more();
            more.waiting.extend(behind.waiting);
            more.details.returned.extend(behind.returned);
        }
    }

    /// Counts a delivery that somebody else will end.
    pub(crate) fn hand_over(&mut self) {
        self.handed_over += 1;
    }

    pub(crate) fn into_report(self) -> Report {
        let details = self
            .record
            .into_inner()
            .map(|more| more.into_inner().details)
            .filter(|details| !details.is_plain())
            .map(Box::new);
        Report::new(self.done, self.handed_over, details)
    }
}
