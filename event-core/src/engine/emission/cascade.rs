//! An event that code emitted, or several recorded ones, with all that they cause.

#[cfg(feature = "serde")]
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::engine::emission::cascade_state::AsyncHandlers;
use crate::engine::emission::cascade_state::CascadeMark;
use crate::engine::emission::cascade_state::CascadeState;
use crate::engine::emission::cascade_state::CascadeTail;
use crate::engine::emission::cascade_state::CausedEvent;
use crate::engine::emission::cascade_state::EmittedEvent;
use crate::engine::emission::cascade_state::LazyState;
use crate::engine::emission::lineage::Lineage;
use crate::engine::emission::pending_event::PendingEvent;
use crate::engine::observers::DeliveryTimer;
use crate::engine::state::DispatcherState;
use crate::meta::parent::ParentEvent;
use crate::nesting;
use crate::nesting::NestingError;
use crate::panics;
use crate::report::Report;
use crate::report::failure::{Cause, Failure};
use crate::report::status::{DeliveryStatus, SkipReason};
use crate::spans::Trace;

/// One root: an event that code emitted, or several recorded ones, with all they cause.
#[derive(Default)]
pub(crate) struct Cascade {
    pub(crate) done: usize,
    /// Deliveries that were handed to a task or a queue.
    pub(crate) handed_over: usize,
    pub(crate) wait_policy: WaitPolicy,
    pub(crate) state: LazyState,
}

/// How a root treats handlers that do not run inline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WaitPolicy {
    /// Hands deliveries over, and never waits.
    #[default]
    Never,
    /// Hands deliveries over, and blocks the thread until queues have capacity.
    BlockForCapacity,
    /// Hands deliveries over as `BlockForCapacity` does, on a consumer thread: no code gets the report.
    Serve,
    /// Hands deliveries over, and awaits capacity in queues in a task; no code gets the report.
    AwaitCapacity,
    /// Runs async handlers in the root's own future, and awaits capacity in queues.
    AwaitHandlers,
}

impl WaitPolicy {
    /// Whether deliveries may wait for capacity in queues.
    pub(crate) fn waits(self) -> bool {
        self != Self::Never
    }

    /// Whether the thread may block until a queue has capacity.
    pub(crate) fn blocks(self) -> bool {
        matches!(self, Self::BlockForCapacity | Self::Serve)
    }

    /// Whether the caller gets the report of a root that waits for capacity in queues.
    pub(crate) fn is_reported(self) -> bool {
        !matches!(self, Self::Serve | Self::AwaitCapacity)
    }
}

impl Cascade {
    pub(crate) fn state_mut(&mut self) -> &mut CascadeState {
        self.state.get_or_init(Box::default);
        match self.state.get_mut() {
            Some(state) => state.get_mut(),
            None => unreachable!("it was just made"),
        }
    }

    /// Makes a root with a wait policy other than that of `emit`.
    pub(crate) fn with(wait_policy: WaitPolicy) -> Self {
        Self {
            wait_policy,
            ..Self::default()
        }
    }

    /// Makes the root of an async emission of which `done` handlers are done.
    pub(crate) fn awaited(done: usize) -> Self {
        Self {
            done,
            ..Self::with(WaitPolicy::AwaitHandlers)
        }
    }

    /// Takes the timer that observers see of a delivery that was dropped while it ran.
    pub(crate) fn take_timer(&mut self) -> DeliveryTimer {
        self.state
            .get_mut()
            .map_or_else(DeliveryTimer::default, |state| {
                std::mem::take(&mut state.get_mut().progress.timer)
            })
    }

    /// Ends the emission of the root's own event.
    pub(crate) fn end_first(
        &mut self,
        inner: &DispatcherState,
        panic: Option<Failure>,
        refused: Option<NestingError>,
    ) {
        if let Some(failure) = panic {
            self.state_mut().fail(inner, failure);
        }
        self.note_refused(refused);
    }

    /// Takes the event whose async handlers the root runs itself.
    pub(crate) fn take_async_handlers(&mut self) -> Option<AsyncHandlers> {
        self.state.get_mut()?.get_mut().async_handlers.take()
    }

    /// Ends an emission: takes the events that its last emitters were given into the list, and subtracts
    /// the deliveries that ended otherwise from `done`.
    pub(crate) fn end_emission(&mut self, inner: &DispatcherState, lineage: &Lineage) {
        if let Some(state) = self.state.get_mut() {
            let state = state.get_mut();
            if !state.emitters.is_empty() {
                let progress = &mut state.progress;
                if inner.makes_meta() && lineage.meta.is_none() && progress.meta.is_none() {
                    progress.meta = Some(inner.meta_of(lineage, progress.own.as_deref()));
                }
                let parent = progress.parent(lineage);
                state.drain_emitters(inner, &lineage.caused(parent, Trace::NONE));
            }
            self.done -= std::mem::take(&mut state.progress).not_done;
        }
    }

    /// Returns the identity of the current event if its delivery, or an attempt of it, has failed.
    pub(crate) fn identity_of_failed(
        &self,
        is_tried_again: bool,
        lineage: &Lineage,
    ) -> Option<Arc<ParentEvent>> {
        let mut state = self.state.get()?.borrow_mut();
        let has_failed = is_tried_again || !state.details.failures.is_empty();
        has_failed.then(|| state.progress.parent(lineage))
    }

    /// Why no further handler of the current event runs, if so.
    pub(crate) fn halted(&self) -> Option<SkipReason> {
        self.state.get()?.borrow().progress.halted
    }

    /// How many deliveries ended with a status other than done.
    pub(crate) fn count(&self, ended: DeliveryStatus) -> usize {
        let state = self.state.get();
        state.map_or(0, |state| state.borrow().details.of(ended))
    }

    /// How many deliveries were cancelled while they waited for capacity in their queues.
    pub(crate) fn cancelled_waits(&self) -> usize {
        let state = self.state.get().map(|state| state.borrow());
        let lost = state
            .as_ref()
            .and_then(|state| state.cancelled_waits.as_ref());
        lost.map_or(0, |lost| lost.load(Ordering::Relaxed))
    }

    /// The status of a delivery of the root if the root is dropped before its end.
    pub(crate) fn status_if_dropped(&self) -> DeliveryStatus {
        match self.wait_policy {
            WaitPolicy::AwaitHandlers => DeliveryStatus::Cancelled,
            WaitPolicy::Never
            | WaitPolicy::BlockForCapacity
            | WaitPolicy::Serve
            | WaitPolicy::AwaitCapacity => DeliveryStatus::Abandoned,
        }
    }

    /// Makes a failure of each event that waits, since the root was dropped before its end.
    pub(crate) fn fail_unemitted(&mut self, inner: &DispatcherState) {
        if let Some(state) = self.state.get_mut() {
            let state = state.get_mut();
            while let Some(waiting) = state.waiting.pop_front() {
                state.keep_not_emitted(inner, waiting, Some(Cause::Lost));
            }
        }
    }

    /// Takes the durable events that wait, which an outbox emits.
    #[cfg(feature = "serde")]
    pub(crate) fn take_durable(&mut self) -> Vec<CausedEvent> {
        let Some(state) = self.state.get_mut() else {
            return Vec::new();
        };
        let waiting = &mut state.get_mut().waiting;
        let (durable, others): (VecDeque<_>, _) = std::mem::take(waiting)
            .into_iter()
            .partition(|caused| caused.event.info().is_durable());
        *waiting = others;
        durable.into()
    }

    /// Takes the last failure.
    #[cfg(feature = "serde")]
    pub(crate) fn take_last_failure(&mut self) -> Option<Failure> {
        self.state.get_mut()?.get_mut().details.failures.pop()
    }

    /// Returns the text of the last failure.
    #[cfg(feature = "serde")]
    pub(crate) fn last_failure(&self) -> Option<String> {
        let state = self.state.get()?.borrow();
        Some(state.details.failures.last()?.to_string())
    }

    /// Drops the events of the root, each with its panics caught.
    pub(crate) fn discard_events(&mut self) {
        let Some(state) = self.state.get_mut() else {
            return;
        };
        let state = state.get_mut();
        for waiting in std::mem::take(&mut state.waiting) {
            let depth = waiting.lineage.depth;
            nesting::enter_deeper(depth, || panics::drop_caught(waiting));
        }
        for returned in std::mem::take(&mut state.details.returned) {
            returned.discard();
        }
        for failure in std::mem::take(&mut state.details.failures) {
            panics::drop_caught(failure);
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        let state = self.state.get();
        state.is_some_and(|state| !state.borrow().details.failures.is_empty())
    }

    /// Returns a flag that is set when the first failure ends the cascade, or `None` if no failure ends
    /// it.
    pub(crate) fn stop_flag(&mut self) -> Option<Arc<AtomicBool>> {
        let is_fail_fast = self.is_fail_fast();
        is_fail_fast.then(|| Arc::clone(self.state_mut().stop.get_or_insert_default()))
    }

    /// Sets the stop flag if there is a failure.
    pub(crate) fn stop_if_failed(&mut self) {
        if self.is_fail_fast()
            && self.has_failed()
            && let Some(stop) = &self.state_mut().stop
        {
            stop.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn is_fail_fast(&self) -> bool {
        let state = self.state.get();
        state.is_some_and(|state| state.borrow().fail_fast)
    }

    /// Discards those of recorded events that a replay finds in the journal; returns the others.
    #[cold]
    pub(crate) fn discard_recorded(
        &mut self,
        inner: &DispatcherState,
        events: Vec<PendingEvent>,
    ) -> Vec<PendingEvent> {
        let (in_record, others): (Vec<_>, _) = events
            .into_iter()
            .partition(|pending| pending.event.info().is_wire());
        for PendingEvent { event, .. } in in_record {
            self.state_mut()
                .discard(inner, event, None, nesting::next());
        }
        others
    }

    /// Keeps the events that wait, without emitting them.
    pub(crate) fn keep_unemitted(&mut self, inner: &DispatcherState) {
        self.state_mut().keep_unemitted(inner);
    }

    /// Notes that an emit inside of this root was refused. The refusal was logged when it happened.
    pub(crate) fn note_refused(&mut self, refused: Option<NestingError>) {
        if refused.is_some() {
            self.state_mut().note_refused(refused);
        }
    }

    /// Starts the root with events that code recorded.
    pub(crate) fn queue_recorded(&mut self, events: Vec<PendingEvent>, lineage: &Lineage) {
        let state = self.state_mut();
        state.details.events = 0;
        let caused = |PendingEvent { event, emitted_at }| CausedEvent {
            event,
            by: None,
            lineage: Lineage {
                emitted_at: emitted_at.or(lineage.emitted_at),
                ..lineage.clone()
            },
        };
        state.waiting.extend(events.into_iter().map(caused));
    }

    /// Emits the events that handlers caused, in order, until none waits.
    #[cold]
    pub(crate) fn run_caused(&mut self, inner: &Arc<DispatcherState>) {
        while self.run_next(inner).is_some() {}
    }

    /// Emits the next event that handlers caused.
    pub(crate) fn run_next(&mut self, inner: &Arc<DispatcherState>) -> Option<()> {
        let emitted = self.emit_next(inner)?;
        self.finish_emitted(inner, emitted);
        Some(())
    }

    /// Emits the next event that handlers caused, but leaves it to the caller to run the rest of its
    /// handlers and to finish it.
    pub(crate) fn emit_next(&mut self, inner: &Arc<DispatcherState>) -> Option<EmittedEvent> {
        self.state.get()?;
        let caused = self.state_mut().next(inner)?;
        let by = caused.by;
        let (event, lineage) = caused.begin(inner);
        let (scope, depth) = (lineage.scope(), lineage.depth);
        let (event, refused) = scope.enter(inner.id(), || event.emit(inner, self, lineage));
        self.note_refused(refused);
        Some(EmittedEvent { event, by, depth })
    }

    /// Keeps an event for the report, or drops one that was recorded.
    pub(crate) fn finish_emitted(
        &mut self,
        inner: &DispatcherState,
        EmittedEvent { event, by, depth }: EmittedEvent,
    ) {
        self.state_mut().keep(inner, event, by, depth);
    }

    /// How many events wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        self.mark().waiting
    }

    /// Returns the lengths of the lists that handlers add to.
    pub(crate) fn mark(&self) -> CascadeMark {
        self.state.get().map_or(CascadeMark::default(), |state| {
            let state = state.borrow();
            CascadeMark {
                waiting: state.waiting.len(),
                returned: state.details.returned.len(),
            }
        })
    }

    /// Removes and returns what handlers added since `mark`.
    pub(crate) fn split_tail(&mut self, mark: CascadeMark) -> CascadeTail {
        match self.state.get_mut() {
            Some(state) => {
                let state = state.get_mut();
                CascadeTail {
                    waiting: state.waiting.split_off(mark.waiting),
                    returned: state.details.returned.split_off(mark.returned),
                }
            }
            None => CascadeTail::default(),
        }
    }

    /// Appends what `split_tail` removed.
    pub(crate) fn append_tail(&mut self, tail: CascadeTail) {
        if !tail.is_empty() {
            let state = self.state_mut();
            state.waiting.extend(tail.waiting);
            state.details.returned.extend(tail.returned);
        }
    }

    /// Counts a delivery that a task or a queue will end.
    pub(crate) fn hand_over(&mut self) {
        self.handed_over += 1;
    }

    pub(crate) fn into_report(self) -> Report {
        let details = self
            .state
            .into_inner()
            .map(|state| state.into_inner().details)
            .filter(|details| !details.is_plain())
            .map(Box::new);
        Report::new(self.done, self.handed_over, details)
    }
}
