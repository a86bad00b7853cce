//! One event on its way through its handlers, as the handlers' side sees it.

use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;

use super::Caused;
use super::cascade::More;
use super::inner::Inner;
use crate::emitter::Given;
use crate::error::BoxError;
use crate::event::EventInfo;
use crate::handler::{HandlerInfo, Sink};
use crate::observer::Observed;
use crate::param::NotRun;
use crate::report::{Cause, Ended, Failure, Skip};
use crate::{isolate, log};

/// Tells which handler stands at a position, when a failure asks.
pub(crate) trait Who {
    fn event(&self) -> &'static EventInfo;
    fn handler(&self, position: usize) -> HandlerInfo;
}

/// One event on its way through its handlers.
///
/// It lives on the emitter's stack. What a delivery that is simply done leaves in it is
/// nothing, so that the common way through a handler writes one word: its position.
#[allow(
    missing_debug_implementations,
    reason = "it is named by `__private` alone"
)]
pub struct Emission<'e> {
    pub(crate) inner: &'e Arc<Inner>,
    who: &'e dyn Who,
    /// The handler that runs now; written before each call, so that a panic finds it.
    pub(crate) position: usize,
    pub(crate) depth: u32,
    /// Deliveries so far that ended other than done.
    pub(crate) undone: usize,
    /// One more than the position of the last of them: a delivery is counted once.
    undone_at: usize,
    /// How the current delivery ends; kept up to date on the full way only.
    pub(crate) ended: Ended,
    fail_fast: bool,
    /// No further handler of the event shall run, and why.
    pub(crate) halted: Option<Skip>,
    /// What the last emitter was given, until it joins the list.
    given: Cell<Option<Arc<Given>>>,
    pub(crate) more: &'e mut Option<Box<More>>,
}

impl<'e> Emission<'e> {
    #[inline]
    pub(crate) fn new(
        inner: &'e Arc<Inner>,
        who: &'e dyn Who,
        depth: u32,
        fail_fast: bool,
        more: &'e mut Option<Box<More>>,
    ) -> Self {
        Self {
            inner,
            who,
            position: 0,
            depth,
            undone: 0,
            undone_at: 0,
            ended: Ended::Done,
            fail_fast,
            halted: None,
            given: Cell::new(None),
            more,
        }
    }

    pub(crate) fn event(&self) -> &'static EventInfo {
        self.who.event()
    }

    pub(crate) fn handler(&self) -> HandlerInfo {
        self.who.handler(self.position)
    }

    /// The emission's record, made when there is something to record.
    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_with(Box::default)
    }

    /// Opens the buffer of an emitter for the current handler. A handler may take two
    /// emitters; each has its own.
    pub(crate) fn open_given(&self) -> Arc<Given> {
        let given = Arc::new(Given::new(
            self.handler(),
            self.inner.handle(),
            self.given.take(),
        ));
        self.given.set(Some(Arc::clone(&given)));
        given
    }

    /// Takes what emitters were given into the list, so that it keeps the handlers' order.
    #[inline]
    pub(crate) fn join_given(&mut self) {
        if let Some(given) = self.given.take() {
            self.join(&given);
        }
    }

    #[cold]
    fn join(&mut self, given: &Given) {
        if let Some(earlier) = &given.earlier {
            self.join(earlier);
        }
        let depth = self.depth + 1;
        for event in given.close() {
            self.more().queue(event, given.handler, depth);
        }
    }

    /// Skips the deliveries behind the current position, each counted and observed.
    #[cold]
    pub(crate) fn skip_rest(&mut self, end: usize, skip: Skip, observed: Option<&Observed<'_>>) {
        let ended = Ended::Skipped(skip);
        let skipped = end - self.position;
        self.undone += skipped;
        self.more().details.count(ended, skipped);
        if let Some(observed) = observed {
            for position in self.position..end {
                observed.ended(self.who.handler(position), ended, None);
            }
        }
        self.position = end;
    }

    /// The failure of the current delivery, if it failed.
    pub(crate) fn last_failure(&self) -> Option<&Failure> {
        if !matches!(self.ended, Ended::Failed | Ended::Panicked) {
            return None;
        }
        self.more.as_ref()?.details.failures.last()
    }

    /// The handler was not called.
    #[cold]
    pub(crate) fn not_run(&mut self, why: NotRun) {
        match why {
            NotRun::Filtered => {
                self.count(Ended::Skipped(Skip::Filter));
            }
            NotRun::Rejected(error) => self.fail(error),
        }
    }

    /// The handler at the current position panicked; the emission goes on behind it.
    #[cold]
    pub(crate) fn panicked(&mut self, payload: Box<dyn Any + Send>) {
        let message = isolate::message(payload);
        self.failed(Ended::Panicked, Cause::Panic(message));
    }

    fn failed(&mut self, ended: Ended, cause: Cause) {
        if self.fail_fast {
            self.halted = Some(Skip::EarlierFailure);
        }
        let failure = Failure::new(self.event(), Some(self.handler()), cause);
        log::failure(&failure);
        self.count(ended);
        self.more().details.failures.push(failure);
    }

    /// Counts a delivery that ended other than done, the first time it says so.
    fn count(&mut self, ended: Ended) {
        if self.undone_at == self.position + 1 {
            return;
        }
        self.undone_at = self.position + 1;
        self.undone += 1;
        self.ended = ended;
        self.more().details.count(ended, 1);
    }
}

impl Sink for Emission<'_> {
    fn cause(&mut self, event: Box<dyn Caused>) {
        self.join_given();
        let (handler, depth) = (self.handler(), self.depth + 1);
        self.more().queue(event, handler, depth);
    }

    #[cold]
    fn fail(&mut self, error: BoxError) {
        self.failed(Ended::Failed, Cause::Error(error));
    }

    #[cold]
    fn stop(&mut self) {
        let handler = self.handler();
        self.halted = Some(Skip::Break);
        self.more().details.stopped_by = Some(handler);
    }
}
