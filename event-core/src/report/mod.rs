//! The report of an emission: every delivery of the whole cascade, by status.

pub(crate) mod failure;
pub(crate) mod redeliver;
pub(crate) mod result;
pub(crate) mod returned;
pub(crate) mod snapshot;
pub(crate) mod status;

use std::fmt;

use crate::counted::Counted;
use crate::event::Event;
use crate::handler_info::HandlerInfo;
use crate::nesting;
use crate::panics;
use crate::report::returned::ReturnedEvent;

pub use crate::report::failure::Failure;
pub use crate::report::status::{DeliveryStatus, SkipReason};

/// The result of an emission, with all the events it caused.
///
/// Failures of handlers do not reach the emitter in any other way, so a report may be ignored. They are
/// also logged through `tracing`: to see them, install a subscriber, or print the report.
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
    /// How many deliveries were done in the low 32 bits, and how many were handed over in the high ones:
    /// one word, so that a report is returned in registers.
    counts: u64,
    /// Made if there is more to report than how many deliveries were done.
    details: Option<Box<Details>>,
}

pub(crate) struct Details {
    /// Deliveries that were not done, by status.
    ended: [usize; DeliveryStatus::WAYS],
    /// Whether the dispatcher was closed.
    pub(crate) closed: bool,
    pub(crate) events: usize,
    pub(crate) not_emitted: usize,
    /// Events that a replay found in the journal.
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
    /// Drops the event. An event that its `Drop` emits, which is the user's code, is inside of the event.
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

    /// Returns how many deliveries were done.
    #[must_use]
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "it was made of a `usize`")]
    pub fn done(&self) -> usize {
        (self.counts & u64::from(u32::MAX)) as usize
    }

    /// Returns how many deliveries failed: their handler returned an error, or a parameter refused them.
    /// The failures are in [`failures`](Self::failures).
    #[must_use]
    pub fn failed(&self) -> usize {
        self.ended(DeliveryStatus::Failed)
    }

    /// Returns how many deliveries had a handler, filter or parameter that panicked.
    #[must_use]
    pub fn panicked(&self) -> usize {
        self.ended(DeliveryStatus::Panicked)
    }

    /// Returns how many deliveries of async handlers took longer than their `timeout`.
    #[must_use]
    pub fn timed_out(&self) -> usize {
        self.ended(DeliveryStatus::TimedOut)
    }

    /// Returns how many deliveries were skipped: their filter refused the event, or an earlier handler
    /// stopped the emission or, with [`fail_fast`](crate::Dispatcher::fail_fast), failed.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.ended(DeliveryStatus::Skipped(SkipReason::Filter))
            + self.ended(DeliveryStatus::Skipped(SkipReason::Break))
    }

    /// Returns how many deliveries found a full queue that rejects them, a handler at its `concurrency`,
    /// or a closed dispatcher. Each is among the [`failures`](Self::failures).
    #[must_use]
    pub fn rejected(&self) -> usize {
        self.ended(DeliveryStatus::Rejected)
    }

    /// Returns how many deliveries found a full queue that drops them.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.ended(DeliveryStatus::Dropped)
    }

    /// Returns how many deliveries were handed to a queue or a task, and end after this report: how they
    /// end, and what they cause, is not in it. Observers see them,
    /// [`on_failure`](crate::dispatcher::DispatcherBuilder::on_failure) is called with their failures,
    /// and a [queue](crate::Dispatcher::queue) counts them.
    #[must_use]
    #[inline]
    pub fn handed_over(&self) -> usize {
        (self.counts >> 32) as usize
    }

    /// Returns the number of all deliveries, however they ended, with those that were handed over.
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

    /// Makes the report of an emission whose task the runtime dropped.
    #[cfg(feature = "tokio")]
    pub(crate) fn abandoned(failure: Failure) -> Self {
        let mut details = Details {
            events: 0,
            not_emitted: 1,
            ..Details::default()
        };
        details.failures.push(failure);
        Self::new(0, 0, Some(Box::new(details)))
    }

    /// Drops a report that no code gets. Its events are dropped one by one, so that a panic in a `Drop`
    /// does not prevent the drop of others.
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

    /// Returns how many events were emitted: the first, those recorded with it, and all that handlers
    /// caused. An event without handlers counts, too.
    #[must_use]
    pub fn events(&self) -> usize {
        self.details.as_ref().map_or(1, |details| details.events)
    }

    /// Returns how many caused events were not emitted, because a limit was exceeded or because of the
    /// first failure of [`fail_fast`](crate::Dispatcher::fail_fast).
    #[must_use]
    pub fn not_emitted(&self) -> usize {
        self.details
            .as_ref()
            .map_or(0, |details| details.not_emitted)
    }

    /// Returns how many events that handlers of a [replayed](crate::Dispatcher::replaying) event caused
    /// were not emitted, since they are in the journal. They are no failures, and
    /// [`returned`](Self::returned) has them. An event that a handler emitted itself is in the report
    /// that the handler got.
    #[cfg(feature = "serde")]
    #[must_use]
    pub fn discarded(&self) -> usize {
        self.details_discarded()
    }

    fn details_discarded(&self) -> usize {
        self.details.as_ref().map_or(0, |details| details.discarded)
    }

    /// Whether nothing failed, panicked, timed out or was rejected, and no limit was exceeded. Deliveries
    /// that were [handed over](Self::handed_over) are not included.
    #[must_use]
    #[inline]
    pub fn is_ok(&self) -> bool {
        self.failures().is_empty()
    }

    /// Returns the failures, in order.
    #[must_use]
    #[inline]
    pub fn failures(&self) -> &[Failure] {
        self.details
            .as_ref()
            .map_or(&[], |details| &details.failures)
    }

    /// Returns the handler that last stopped an emission of the cascade by returning
    /// [`ControlFlow::Break`](std::ops::ControlFlow::Break).
    #[must_use]
    pub fn stopped_by(&self) -> Option<HandlerInfo> {
        self.details.as_ref().and_then(|details| details.stopped_by)
    }

    /// Returns the events of type `E` that handlers returned or gave to an [`Emitter`](crate::Emitter),
    /// with the handler, in order: the typed form of the (receiver, response) list of Django's `send`.
    pub fn returned<E: Event>(&self) -> impl Iterator<Item = (HandlerInfo, &E)> {
        self.details
            .iter()
            .flat_map(|details| &details.returned)
            .filter_map(|it| Some((it.handler, it.event.event().downcast_ref::<E>()?)))
    }
}

/// Shows the counts in one line, then each failure in a line of its own.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events = Counted::events(self.events());
        write!(f, "{events}: {} done", self.done())?;
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
            // The event with which the root was emitted.
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
    /// Whether the report is that of one event whose deliveries were all done.
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
