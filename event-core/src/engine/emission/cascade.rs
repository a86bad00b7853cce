//! An event that code emitted, or several recorded ones, with all that they cause.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::engine::emission::cascade_state::AsyncHandlers;
use crate::engine::emission::cascade_state::CascadeMark;
use crate::engine::emission::cascade_state::CascadeState;
use crate::engine::emission::cascade_state::CascadeTail;
use crate::engine::emission::cascade_state::CausedEvent;
use crate::engine::emission::cascade_state::EmittedEvent;
use crate::engine::emission::cascade_state::LazyState;
use crate::engine::emission::erased::ErasedEvent;
use crate::engine::emission::lineage::Lineage;
use crate::engine::observers::DeliveryTimer;
use crate::engine::state::DispatcherState;
use crate::nesting;
use crate::nesting::NestingError;
use crate::panics;
use crate::report::Report;
use crate::report::failure::{Cause, Failure};
use crate::report::status::{Ended, Skip};
use crate::spans::Trace;

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
        let (event, refused) = stand.enter(inner.id(), || event.emit(inner, self, origin));
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
