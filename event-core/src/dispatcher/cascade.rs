//! The events that handlers cause: one first-in-first-out list per root, with its limits.

use std::cell::{OnceCell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use super::depth::{self, Refusal};
use super::emit;
use super::inner::Inner;
use crate::emitter::Given;
use crate::event::{AnyEvent, Event, EventInfo};
use crate::handler::HandlerInfo;
use crate::report::{Cause, Details, Ended, Failure, Report, Skip};
use crate::{isolate, log};

/// An event that waits for its turn, whatever its type.
pub(crate) trait Caused: Send + Sync {
    fn info(&self) -> &'static EventInfo;
    fn emit(&self, inner: &Arc<Inner>, root: &mut Root, depth: u32);
    fn into_any(self: Box<Self>) -> Box<dyn AnyEvent>;
}

impl<E: Event> Caused for E {
    fn info(&self) -> &'static EventInfo {
        E::INFO
    }

    fn emit(&self, inner: &Arc<Inner>, root: &mut Root, depth: u32) {
        emit::deliver(inner, self, root, depth);
    }

    fn into_any(self: Box<Self>) -> Box<dyn AnyEvent> {
        self
    }
}

/// One root: an event emitted by code, or several recorded ones, with all they cause.
#[derive(Default)]
pub(crate) struct Root {
    pub(crate) done: usize,
    pub(crate) record: Record,
}

/// What a root has beyond deliveries that were done; made when there is something.
pub(crate) type Record = OnceCell<Box<RefCell<More>>>;

#[derive(Default)]
pub(crate) struct More {
    waiting: VecDeque<Waiting>,
    caused: usize,
    /// The buffers of emitters, until what they were given joins the list.
    pub(crate) given: Vec<Arc<Given>>,
    /// The first failure ends the root.
    pub(crate) fail_fast: bool,
    /// Of the emission that is under way.
    pub(crate) progress: Progress,
    pub(crate) details: Details,
}

/// What an emission has to remember of deliveries that ended other than done.
pub(crate) struct Progress {
    pub(crate) undone: usize,
    /// One more than the position of the last of them: a delivery is counted once.
    pub(crate) undone_at: usize,
    /// How that one ended.
    pub(crate) ended: Ended,
    /// No further handler of the event shall run, and why.
    pub(crate) halted: Option<Skip>,
}

struct Waiting {
    event: Box<dyn Caused>,
    /// The handler that caused it; `None` for an event that was recorded.
    by: Option<HandlerInfo>,
    depth: u32,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            undone: 0,
            undone_at: 0,
            ended: Ended::Done,
            halted: None,
        }
    }
}

impl More {
    /// Adds an event that `handler` caused.
    pub(crate) fn queue(&mut self, event: Box<dyn Caused>, handler: HandlerInfo, depth: u32) {
        self.waiting.push_back(Waiting {
            event,
            by: Some(handler),
            depth,
        });
    }

    /// Takes what emitters were given into the list, so that it keeps the handlers' order.
    pub(crate) fn join_given(&mut self, depth: u32) {
        for given in std::mem::take(&mut self.given) {
            for event in given.close() {
                self.queue(event, given.handler, depth);
            }
        }
    }

    pub(crate) fn fail(&mut self, failure: Failure) {
        self.details.failures.push(failure);
        if let Some(failure) = self.details.failures.last() {
            log::failure(failure);
        }
    }

    /// The next event to emit, unless the root ends here.
    fn next(&mut self, inner: &Inner) -> Option<Waiting> {
        if self.fail_fast && !self.details.failures.is_empty() {
            self.leave_the_rest();
            return None;
        }
        loop {
            let next = self.waiting.pop_front()?;
            if next.depth > inner.depth_limit {
                let limit = inner.depth_limit;
                self.leave(next, Some(Cause::TooDeep { limit }));
            } else if next.by.is_none() || self.caused < inner.count_limit {
                self.caused += usize::from(next.by.is_some());
                self.details.events += 1;
                return Some(next);
            } else {
                let cause = Cause::TooMany {
                    limit: inner.count_limit,
                    not_emitted: 1 + self.waiting.len(),
                };
                self.leave(next, Some(cause));
                self.leave_the_rest();
                return None;
            }
        }
    }

    /// Keeps an event without emitting it.
    fn leave(&mut self, Waiting { event, by, .. }: Waiting, why: Option<Cause>) {
        self.details.not_emitted += 1;
        if let Some(cause) = why {
            self.fail(Failure::new(event.info(), by, cause));
        }
        self.keep(event, by);
    }

    fn leave_the_rest(&mut self) {
        while let Some(waiting) = self.waiting.pop_front() {
            self.leave(waiting, None);
        }
    }

    /// Keeps an event whose turn is over. One that was recorded is dropped; its `Drop` is the
    /// user's, so it is isolated.
    fn keep(&mut self, event: Box<dyn Caused>, by: Option<HandlerInfo>) {
        if let Some(handler) = by {
            self.details.returned.push((handler, event.into_any()));
            return;
        }
        let info = event.info();
        // Counted as inside of the root, or an event whose `Drop` emits it would never end.
        let (dropped, _) = depth::enter(depth::next(), || isolate::run(|| drop(event)));
        if let Err(panic) = dropped {
            self.fail(Failure::new(info, None, Cause::Drop(panic)));
        }
    }
}

impl Root {
    /// A root whose first failure ends it.
    pub(crate) fn fail_fast() -> Self {
        let mut root = Self::default();
        root.more().fail_fast = true;
        root
    }

    pub(crate) fn more(&mut self) -> &mut More {
        self.record.get_or_init(Box::default);
        match self.record.get_mut() {
            Some(more) => more.get_mut(),
            None => unreachable!("it was just made"),
        }
    }

    /// Ends an emission at `depth`: takes what its last emitters were given into the list, and
    /// its deliveries that ended otherwise from those that were done.
    pub(crate) fn end_emission(&mut self, depth: u32) {
        if let Some(more) = self.record.get_mut() {
            let more = more.get_mut();
            more.join_given(depth + 1);
            self.done -= std::mem::take(&mut more.progress).undone;
        }
    }

    /// Makes this the report of a root that was refused.
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        let more = self.more();
        more.fail(Failure::refused(refusal));
        more.details.events = 0;
    }

    /// Keeps what waits without emitting it.
    pub(crate) fn leave_the_rest(&mut self) {
        self.more().leave_the_rest();
    }

    /// Notes that an emit inside of this root was refused. It was logged when it was.
    pub(crate) fn pass_on(&mut self, refused: Option<Refusal>) {
        if let Some(refusal) = refused {
            let failure = Failure::refused(refusal);
            self.more().details.failures.push(failure);
        }
    }

    /// Starts with events that code recorded.
    pub(crate) fn record(&mut self, events: Vec<Box<dyn Caused>>, depth: u32) {
        let more = self.more();
        more.details.events = 0;
        more.waiting.extend(events.into_iter().map(|event| Waiting {
            event,
            by: None,
            depth,
        }));
    }

    /// Emits what handlers caused, in order, until nothing waits.
    #[cold]
    pub(crate) fn run_caused(&mut self, inner: &Arc<Inner>) {
        while let Some(Waiting { event, by, depth }) = self.more().next(inner) {
            let ((), refused) = depth::enter(depth, || event.emit(inner, self, depth));
            self.pass_on(refused);
            self.more().keep(event, by);
        }
    }

    pub(crate) fn into_report(self) -> Report {
        let details = self
            .record
            .into_inner()
            .map(|more| Box::new(more.into_inner().details));
        Report::new(self.done, details)
    }
}
