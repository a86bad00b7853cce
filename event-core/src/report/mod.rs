//! What an emission led to: every delivery of the whole cascade, by how it ended.

pub(crate) mod failure;
pub(crate) mod redeliver;
pub(crate) mod result;
pub(crate) mod returned;
pub(crate) mod snapshot;
pub(crate) mod status;

use std::fmt;

use crate::event::Event;
#[cfg(feature = "tokio")]
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::nesting;
use crate::panics;
#[cfg(feature = "tokio")]
use crate::report::failure::Cause;
use crate::report::returned::ReturnedEvent;

pub use crate::report::failure::Failure;
pub use crate::report::status::{DeliveryStatus, SkipReason};

/// What an emission led to, with all the events it caused.
///
/// Failures of handlers are isolated and never reach the emitter in another way, so a report
/// may be ignored. They are also logged through `tracing`: to see them, install a subscriber,
/// or print the report.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Event, handler};
///
/// #[derive(Event)]
/// struct DiceRolled { eyes: u8 }
///
/// #[handler]
/// fn check(event: &DiceRolled) -> Result<(), String> {
///     if event.eyes <= 6 { Ok(()) } else { Err(format!("{} eyes", event.eyes)) }
/// }
///
/// let dispatcher = Dispatcher::builder().only(check).build()?;
/// assert!(dispatcher.emit(DiceRolled { eyes: 3 }).is_ok());
///
/// let report = dispatcher.emit(DiceRolled { eyes: 7 });
/// assert!(report.to_string().starts_with("1 event: 0 done, 1 failed"));
/// assert_eq!(report.failures()[0].error().map(ToString::to_string).as_deref(), Some("7 eyes"));
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[derive(Default)]
pub struct Report {
    /// How many were done, and above these 32 bits how many were handed over: one word, so that a
    /// report is returned in registers.
    counts: u64,
    /// Made when there is more to say than how many were done.
    details: Option<Box<Details>>,
}

pub(crate) struct Details {
    /// Deliveries that were not done, by how they ended.
    ended: [usize; DeliveryStatus::WAYS],
    /// The dispatcher was closed.
    pub(crate) closed: bool,
    pub(crate) events: usize,
    pub(crate) not_emitted: usize,
    /// Events that are in the record of a replay.
    pub(crate) discarded: usize,
    pub(crate) failures: Vec<Failure>,
    pub(crate) stopped_by: Option<HandlerInfo>,
    pub(crate) returned: Vec<Returned>,
}

/// An event that a handler returned, or gave to an emitter.
pub(crate) struct Returned {
    pub(crate) handler: HandlerInfo,
    pub(crate) event: ReturnedEvent,
    pub(crate) depth: u32,
}

impl Returned {
    /// Drops the event. What its `Drop` emits, which is the user's, is inside of the event.
    pub(crate) fn discard(self) {
        nesting::enter_deeper(self.depth, || panics::drop_caught(self));
    }
}

impl Report {
    #[inline]
    pub(crate) fn new(done: usize, handed_over: usize, details: Option<Box<Details>>) -> Self {
        Self {
            counts: done as u64 | (handed_over as u64) << 32,
            details,
        }
    }

    /// Deliveries that were done.
    #[must_use]
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "it was made of a `usize`")]
    pub fn done(&self) -> usize {
        (self.counts & u64::from(u32::MAX)) as usize
    }

    /// How many deliveries failed: their handler returned an error, or a parameter refused
    /// them. What failed is in [`failures`](Self::failures).
    #[must_use]
    pub fn failed(&self) -> usize {
        self.ended(DeliveryStatus::Failed)
    }

    /// Deliveries whose handler, filter or parameter panicked.
    #[must_use]
    pub fn panicked(&self) -> usize {
        self.ended(DeliveryStatus::Panicked)
    }

    /// Deliveries of async handlers that took longer than their `timeout`.
    #[must_use]
    pub fn timed_out(&self) -> usize {
        self.ended(DeliveryStatus::TimedOut)
    }

    /// Deliveries whose handler was not called: filtered, or behind a handler that stopped
    /// the emission or, with [`fail_fast`](crate::Dispatcher::fail_fast), failed.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.ended(DeliveryStatus::Skipped(SkipReason::Filter))
            + self.ended(DeliveryStatus::Skipped(SkipReason::Break))
    }

    /// Deliveries that found a queue full which rejects them, a handler at its `concurrency`, or
    /// a closed dispatcher. Each is among the [`failures`](Self::failures).
    #[must_use]
    pub fn rejected(&self) -> usize {
        self.ended(DeliveryStatus::Rejected)
    }

    /// Deliveries that found a queue full which drops them.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.ended(DeliveryStatus::Dropped)
    }

    /// Deliveries that were handed to a queue or a task, and end after this report: how they end, and
    /// what they cause, is not in it. Observers see them,
    /// [`on_failure`](crate::dispatcher::DispatcherBuilder::on_failure) hears of their failures, and a
    /// [queue](crate::Dispatcher::queue) counts them.
    #[must_use]
    #[inline]
    pub fn handed_over(&self) -> usize {
        (self.counts >> 32) as usize
    }

    /// All deliveries, however they ended, and those that were handed over.
    #[must_use]
    pub fn deliveries(&self) -> usize {
        let not_done = self.details.as_ref();
        let not_done = not_done.map_or(0, |details| details.ended.iter().sum());
        self.done() + not_done + self.handed_over()
    }

    fn ended(&self, ended: DeliveryStatus) -> usize {
        let details = self.details.as_ref();
        details.map_or(0, |details| details.of(ended))
    }

    /// Of an emission whose task the runtime dropped.
    #[cfg(feature = "tokio")]
    pub(crate) fn abandoned(event: &'static EventInfo, cause: Cause) -> Self {
        let mut details = Details {
            events: 0,
            not_emitted: 1,
            ..Details::default()
        };
        details.failures.push(Failure::new(event, None, cause));
        Self::new(0, 0, Some(Box::new(details)))
    }

    /// Drops a report that nobody gets. Events are the user's, and one whose `Drop` panics must
    /// not take others along.
    pub(crate) fn discard(mut self) {
        let Some(details) = self.details.take() else {
            return;
        };
        for returned in details.returned {
            returned.discard();
        }
        for failure in details.failures {
            panics::drop_caught(failure);
        }
    }

    /// Whether the dispatcher was closed, and emitted nothing; see
    /// [`shutdown`](crate::Dispatcher::shutdown).
    #[must_use]
    pub fn closed(&self) -> bool {
        self.details.as_ref().is_some_and(|details| details.closed)
    }

    /// Events emitted: the first, those recorded beside it, and all that handlers caused.
    /// An event that nobody handles counts, too.
    #[must_use]
    pub fn events(&self) -> usize {
        self.details.as_ref().map_or(1, |details| details.events)
    }

    /// Caused events that were not emitted, because a limit was crossed or because of the
    /// first failure of [`fail_fast`](crate::Dispatcher::fail_fast).
    #[must_use]
    pub fn not_emitted(&self) -> usize {
        self.details
            .as_ref()
            .map_or(0, |details| details.not_emitted)
    }

    /// Events that handlers of a [replayed](crate::Dispatcher::replaying) event caused, and that were not
    /// emitted since they are in the record. They are no failures, and [`returned`](Self::returned)
    /// has them. An event that a handler emitted itself is in the report that the handler got.
    #[cfg(feature = "serde")]
    #[must_use]
    pub fn discarded(&self) -> usize {
        self.details_discarded()
    }

    fn details_discarded(&self) -> usize {
        self.details.as_ref().map_or(0, |details| details.discarded)
    }

    /// Whether nothing failed, panicked, timed out or was rejected, and no limit was crossed. It says
    /// nothing about deliveries that were [handed over](Self::handed_over).
    #[must_use]
    #[inline]
    pub fn is_ok(&self) -> bool {
        self.failures().is_empty()
    }

    /// What failed, in order.
    #[must_use]
    #[inline]
    pub fn failures(&self) -> &[Failure] {
        self.details
            .as_ref()
            .map_or(&[], |details| &details.failures)
    }

    /// The handler that last stopped an emission of the cascade by returning
    /// [`ControlFlow::Break`](std::ops::ControlFlow::Break).
    #[must_use]
    pub fn stopped_by(&self) -> Option<HandlerInfo> {
        self.details.as_ref().and_then(|details| details.stopped_by)
    }

    /// The events of type `E` that handlers returned or gave to an
    /// [`Emitter`](crate::Emitter), with the handler, in order: the typed form of the
    /// (receiver, response) list of Django's `send`.
    pub fn returned<E: Event>(&self) -> impl Iterator<Item = (HandlerInfo, &E)> {
        self.details
            .iter()
            .flat_map(|details| &details.returned)
            .filter_map(|it| Some((it.handler, it.event.event().downcast_ref::<E>()?)))
    }
}

/// The counts in one line, then each failure in a line of its own.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.events() == 1 { "" } else { "s" };
        write!(f, "{} event{plural}: {} done", self.events(), self.done())?;
        for (count, how) in [
            (self.failed(), "failed"),
            (self.panicked(), "panicked"),
            (self.timed_out(), "timed out"),
            (self.skipped(), "skipped"),
            (self.rejected(), "rejected"),
            (self.dropped(), "dropped"),
            (self.ended(DeliveryStatus::Cancelled), "cancelled"),
            (self.ended(DeliveryStatus::Abandoned), "abandoned"),
            (self.handed_over(), "handed over"),
            (self.not_emitted(), "not emitted"),
            (self.details_discarded(), "discarded"),
        ] {
            if count > 0 {
                write!(f, ", {count} {how}")?;
            }
        }
        for failure in self.failures() {
            write!(f, "\n  {failure}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("events", &self.events())
            .field("done", &self.done())
            .field("failed", &self.failed())
            .field("panicked", &self.panicked())
            .field("timed_out", &self.timed_out())
            .field("skipped", &self.skipped())
            .field("rejected", &self.rejected())
            .field("dropped", &self.dropped())
            .field("handed_over", &self.handed_over())
            .field("not_emitted", &self.not_emitted())
            .field("discarded", &self.details_discarded())
            .field("failures", &self.failures())
            .field("stopped_by", &self.stopped_by())
            .finish_non_exhaustive()
    }
}

impl Default for Details {
    fn default() -> Self {
        Self {
            ended: [0; DeliveryStatus::WAYS],
            closed: false,
            // The event that the root was emitted with.
            events: 1,
            not_emitted: 0,
            discarded: 0,
            failures: Vec::new(),
            stopped_by: None,
            returned: Vec::new(),
        }
    }
}

impl Details {
    /// Whether there is nothing to say beyond that all deliveries of one event were done.
    pub(crate) fn is_plain(&self) -> bool {
        self.events == 1
            && self.not_emitted == 0
            && self.discarded == 0
            && !self.closed
            && self.failures.is_empty()
            && self.returned.is_empty()
            && self.stopped_by.is_none()
            && self.ended.iter().all(|count| *count == 0)
    }

    pub(crate) fn of(&self, ended: DeliveryStatus) -> usize {
        self.ended[ended.index()]
    }

    pub(crate) fn count(&mut self, ended: DeliveryStatus) {
        if ended != DeliveryStatus::Done {
            self.ended[ended.index()] += 1;
        }
    }
}
