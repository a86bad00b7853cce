//! The events that handlers cause: one first-in-first-out list per root, with its limits.

use std::collections::VecDeque;
use std::sync::Arc;

use super::inner::Inner;
use super::{depth, emit};
use crate::event::{AnyEvent, Event, EventInfo};
use crate::handler::HandlerInfo;
use crate::report::{Cause, Details, Failure, Report};
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
    /// The first failure ends it.
    pub(crate) fail_fast: bool,
    /// Made when there is something to record.
    pub(crate) more: Option<Box<More>>,
}

/// What a root has beyond deliveries that were done.
#[derive(Default)]
pub(crate) struct More {
    waiting: VecDeque<Waiting>,
    caused: usize,
    pub(crate) details: Details,
}

struct Waiting {
    event: Box<dyn Caused>,
    /// The handler that caused it; `None` for an event that was recorded.
    by: Option<HandlerInfo>,
    depth: u32,
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

    /// Keeps an event whose turn is over.
    fn keep(&mut self, by: Option<HandlerInfo>, event: Box<dyn Caused>) {
        match by {
            Some(handler) => self.details.returned.push((handler, event.into_any())),
            None => self.discard(event.info(), event),
        }
    }

    /// Drops a value of the user's, whose `Drop` may panic.
    pub(crate) fn discard<T>(&mut self, info: &'static EventInfo, value: T) {
        if let Err(panic) = isolate::run(|| drop(value)) {
            self.fail(Failure::new(info, None, Cause::Drop(panic)));
        }
    }

    pub(crate) fn fail(&mut self, failure: Failure) {
        log::failure(&failure);
        self.details.failures.push(failure);
    }
}

impl Root {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            done: 0,
            fail_fast: false,
            more: None,
        }
    }

    /// Starts with events that code recorded.
    pub(crate) fn record(&mut self, events: Vec<Box<dyn Caused>>, depth: u32) {
        let more = self.more.get_or_insert_default();
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
        while let Some(more) = &mut self.more {
            if self.fail_fast && !more.details.failures.is_empty() {
                more.leave_the_rest();
                return;
            }
            let Some(Waiting { event, by, depth }) = more.waiting.pop_front() else {
                return;
            };
            if depth > inner.depth_limit {
                let limit = inner.depth_limit;
                more.fail(Failure::new(event.info(), by, Cause::TooDeep { limit }));
                more.details.not_emitted += 1;
                more.keep(by, event);
                continue;
            }
            if by.is_some() {
                if more.caused == inner.count_limit {
                    let cause = Cause::TooMany {
                        limit: inner.count_limit,
                        not_emitted: 1 + more.waiting.len(),
                    };
                    more.fail(Failure::new(event.info(), by, cause));
                    more.details.not_emitted += 1;
                    more.keep(by, event);
                    more.leave_the_rest();
                    return;
                }
                more.caused += 1;
            }
            more.details.events += 1;
            depth::enter(depth, || event.emit(inner, self, depth));
            if let Some(more) = &mut self.more {
                more.keep(by, event);
            }
        }
    }

    #[inline]
    pub(crate) fn into_report(self) -> Report {
        match self.more {
            None => Report::new(self.done, None),
            Some(more) => more.into_report(self.done),
        }
    }
}

impl More {
    /// Keeps what waits without emitting it.
    fn leave_the_rest(&mut self) {
        while let Some(Waiting { event, by, .. }) = self.waiting.pop_front() {
            self.details.not_emitted += 1;
            self.keep(by, event);
        }
    }

    #[cold]
    #[allow(
        clippy::boxed_local,
        reason = "moved out of its box here, and not on the hot path"
    )]
    fn into_report(self: Box<Self>, done: usize) -> Report {
        Report::new(done, Some(Box::new(self.details)))
    }
}
