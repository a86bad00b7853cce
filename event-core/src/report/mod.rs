//! What an emission led to: every delivery of the whole cascade, by how it ended.

mod failure;

use std::fmt;

use crate::event::{AnyEvent, Event};
use crate::handler::HandlerInfo;

pub(crate) use self::failure::Cause;
pub use self::failure::Failure;

/// How one delivery, one event for one handler, ended. Each ends exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ended {
    /// The handler ran and did not fail.
    Done,
    /// The handler returned an error, or one of its parameters refused the delivery.
    Failed,
    /// The handler, its filter or one of its parameters panicked.
    Panicked,
    /// The handler was not called.
    Skipped(Skip),
}

/// Why a handler was not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Skip {
    /// Its `filter` did not hold.
    Filter,
    /// An earlier handler of a stoppable event returned `ControlFlow::Break`.
    Break,
    /// An earlier handler failed, and the event was emitted with
    /// [`try_emit`](crate::Dispatcher::try_emit).
    EarlierFailure,
    /// The subscription was cancelled, or its target ended, after observers were told that its
    /// delivery starts. Reports count no such delivery.
    Cancelled,
}

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
    done: usize,
    /// Made when there is more to say than how many were done.
    details: Option<Box<Details>>,
}

pub(crate) struct Details {
    failed: usize,
    panicked: usize,
    filtered: usize,
    skipped: usize,
    pub(crate) events: usize,
    pub(crate) not_emitted: usize,
    pub(crate) failures: Vec<Failure>,
    pub(crate) stopped_by: Option<HandlerInfo>,
    pub(crate) returned: Vec<(HandlerInfo, Box<dyn AnyEvent>)>,
}

impl Report {
    #[inline]
    pub(crate) fn new(done: usize, details: Option<Box<Details>>) -> Self {
        Self { done, details }
    }

    /// Deliveries that were done.
    #[must_use]
    #[inline]
    pub fn done(&self) -> usize {
        self.done
    }

    /// How many deliveries failed: their handler returned an error, or a parameter refused
    /// them. What failed is in [`failures`](Self::failures).
    #[must_use]
    pub fn failed(&self) -> usize {
        self.details.as_ref().map_or(0, |details| details.failed)
    }

    /// Deliveries whose handler, filter or parameter panicked.
    #[must_use]
    pub fn panicked(&self) -> usize {
        self.details.as_ref().map_or(0, |details| details.panicked)
    }

    /// Deliveries whose handler was not called: filtered, or behind a handler that stopped
    /// the emission or, with [`try_emit`](crate::Dispatcher::try_emit), failed.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.details
            .as_ref()
            .map_or(0, |details| details.filtered + details.skipped)
    }

    /// All deliveries, however they ended.
    #[must_use]
    pub fn deliveries(&self) -> usize {
        self.done + self.failed() + self.panicked() + self.skipped()
    }

    /// Events emitted: the first, those recorded beside it, and all that handlers caused.
    /// An event that nobody handles counts, too.
    #[must_use]
    pub fn events(&self) -> usize {
        self.details.as_ref().map_or(1, |details| details.events)
    }

    /// Caused events that were not emitted, because a limit was crossed or because of the
    /// first failure of [`try_emit`](crate::Dispatcher::try_emit).
    #[must_use]
    pub fn not_emitted(&self) -> usize {
        self.details
            .as_ref()
            .map_or(0, |details| details.not_emitted)
    }

    /// Whether nothing failed, nothing panicked and no limit was crossed.
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
            .filter_map(|(handler, event)| Some((*handler, event.downcast_ref::<E>()?)))
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
            (self.skipped(), "skipped"),
            (self.not_emitted(), "not emitted"),
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
            .field("skipped", &self.skipped())
            .field("not_emitted", &self.not_emitted())
            .field("failures", &self.failures())
            .field("stopped_by", &self.stopped_by())
            .finish_non_exhaustive()
    }
}

impl Default for Details {
    fn default() -> Self {
        Self {
            failed: 0,
            panicked: 0,
            filtered: 0,
            skipped: 0,
            // The event that the root was emitted with.
            events: 1,
            not_emitted: 0,
            failures: Vec::new(),
            stopped_by: None,
            returned: Vec::new(),
        }
    }
}

impl Details {
    pub(crate) fn count(&mut self, ended: Ended, deliveries: usize) {
        match ended {
            Ended::Done => {}
            Ended::Failed => self.failed += deliveries,
            Ended::Panicked => self.panicked += deliveries,
            Ended::Skipped(Skip::Filter) => self.filtered += deliveries,
            Ended::Skipped(_) => self.skipped += deliveries,
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Skipped(Skip::Filter) => "skipped: its filter did not hold",
            Self::Skipped(Skip::Break) => "skipped: an earlier handler stopped the emission",
            Self::Skipped(Skip::EarlierFailure) => "skipped: an earlier handler failed",
            Self::Skipped(Skip::Cancelled) => "skipped: the subscription was cancelled",
        })
    }
}
