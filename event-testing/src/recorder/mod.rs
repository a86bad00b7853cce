//! Records what a dispatcher emits.

pub(crate) mod log;
pub(crate) mod recorded;
pub(crate) mod timeline;
pub(crate) mod wait;

use std::fmt;
use std::sync::Arc;

use event_core::__private::Session;
use event_core::dispatcher::DispatcherHandle;
use event_core::event::EventInfo;
use event_core::handler::HandlerInfo;
use event_core::observer::ObserverGuard;
use event_core::{Dispatcher, Event};

use crate::recorder::log::{Emission, Log};
use crate::recorder::recorded::{RecordedDelivery, RecordedEvent};
use crate::recorder::timeline::Timeline;
use crate::recorder::wait::WaitFor;

/// Records the events of one dispatcher and how their deliveries end, until it is dropped.
///
/// Made by [`DispatcherExt::record`](crate::DispatcherExt::record). Handlers run as without a recorder. Two
/// recorders never see each other's dispatcher, so tests that have a dispatcher each run in parallel. Clones share
/// what was recorded.
///
/// The recorder holds each event in an `Arc`, so events need not be `Clone`, and an event is dropped with the
/// recorder. An emission that began before the recorder was made is not recorded. The recorder does not keep the
/// dispatcher alive.
///
/// The macros of this crate assert on a recorder; each has a method behind it.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Event, handler};
/// use event_testing::{DispatcherExt as _, assert_emitted, assert_handled, assert_not_emitted};
///
/// #[derive(Event)]
/// struct OrderPlaced { id: u64, total_cents: u64 }
///
/// #[derive(Event)]
/// struct OrderRefused { id: u64 }
///
/// #[handler]
/// fn count_sales(_event: &OrderPlaced) {}
///
/// let dispatcher = Dispatcher::builder().build()?;
/// let rec = dispatcher.record();
/// dispatcher.emit(OrderPlaced { id: 42, total_cents: 995 });
///
/// let placed = assert_emitted!(rec, OrderPlaced { id: 42, .. });
/// assert_eq!(placed.total_cents, 995);
/// assert_not_emitted!(rec, OrderRefused);
/// assert_handled!(rec, count_sales, Done);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
    /// The index of the first emission that this value shows.
    start: usize,
}

struct Shared {
    log: Arc<Log>,
    dispatcher: DispatcherHandle,
    _observing: ObserverGuard,
}

/// A moment of a recording, returned by [`Recorder::mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(usize);

impl Recorder {
    pub(crate) fn new(dispatcher: &Dispatcher) -> Self {
        Self::with(dispatcher, Log::default())
    }

    /// Records what belongs to a session.
    pub(crate) fn of_session(dispatcher: &Dispatcher, session: Arc<Session>) -> Self {
        Self::with(dispatcher, Log::of_session(session))
    }

    fn with(dispatcher: &Dispatcher, log: Log) -> Self {
        let log = Arc::new(log);
        Self {
            shared: Arc::new(Shared {
                _observing: dispatcher.observe(Arc::clone(&log)),
                log,
                dispatcher: dispatcher.handle(),
            }),
            start: 0,
        }
    }

    /// Returns the events of one type, in the order in which they were emitted.
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::{Dispatcher, Event};
    /// use event_testing::DispatcherExt as _;
    ///
    /// #[derive(Event)]
    /// struct BellRung { door: u8 }
    ///
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let rec = dispatcher.record();
    /// dispatcher.emit(BellRung { door: 3 });
    /// dispatcher.emit(BellRung { door: 4 });
    /// let doors: Vec<_> = rec.emitted::<BellRung>().iter().map(|rung| rung.door).collect();
    /// assert_eq!(doors, [3, 4]);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    #[must_use]
    pub fn emitted<E: Event>(&self) -> Vec<RecordedEvent<E>> {
        let events = self.log().events_from(self.start).into_iter();
        events
            .filter_map(|(event, meta)| RecordedEvent::of(event, &meta))
            .collect()
    }

    /// Returns the number of events of all types.
    #[must_use]
    pub fn count(&self) -> usize {
        self.log().len().saturating_sub(self.start)
    }

    /// Returns the deliveries of the recorded events that started, or ended without having started: by event, in
    /// the order in which the events were emitted, and for each in the order in which its deliveries started.
    #[must_use]
    pub fn deliveries(&self) -> Vec<RecordedDelivery> {
        let emissions = self.emissions();
        emissions
            .iter()
            .flat_map(RecordedDelivery::all_of)
            .collect()
    }

    /// Returns this moment, to look at what is emitted after it with [`since`](Self::since).
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark(self.log().len())
    }

    /// Returns a recorder that shows only the events that were emitted after a mark, with their deliveries.
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::{Dispatcher, Event};
    /// use event_testing::{DispatcherExt as _, assert_emitted};
    ///
    /// #[derive(Event)]
    /// struct BellRung;
    ///
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let rec = dispatcher.record();
    /// dispatcher.emit(BellRung);
    /// let ready = rec.mark();
    /// dispatcher.emit(BellRung);
    /// assert_emitted!(rec.since(ready), BellRung, times = 1);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// The mark is of another recorder, with more events than this one has.
    #[must_use]
    #[track_caller]
    pub fn since(&self, mark: Mark) -> Self {
        assert!(
            mark.0 <= self.log().len(),
            "the mark is of another recorder"
        );
        Self {
            shared: Arc::clone(&self.shared),
            start: mark.0,
        }
    }

    /// Waits until an event of one type is emitted for which `accepts` returns `true`. Events that were emitted
    /// before are looked at first.
    ///
    /// The waiting ends with a signal, not by looking again and again. To wait for all that a call causes, use
    /// [`track`](crate::DispatcherExt::track).
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::{Dispatcher, Event};
    /// use event_testing::DispatcherExt as _;
    ///
    /// #[derive(Event)]
    /// struct BellRung { door: u8 }
    ///
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let rec = dispatcher.record();
    /// let ringing = std::thread::spawn(move || dispatcher.emit(BellRung { door: 3 }));
    /// let rung = rec.wait_for(|rung: &BellRung| rung.door == 3).blocking();
    /// assert_eq!(rung.door, 3);
    /// # ringing.join().unwrap();
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    #[track_caller]
    pub fn wait_for<'a, E: Event>(
        &self,
        accepts: impl Fn(&E) -> bool + Send + 'a,
    ) -> WaitFor<'a, E> {
        WaitFor::new(self.clone(), Box::new(accepts))
    }

    /// Returns the events as a tree: each below the event whose handler caused it, with how its deliveries ended.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        Timeline::new(&self.emissions(), self.start)
    }

    pub(crate) fn log(&self) -> &Log {
        &self.shared.log
    }

    pub(crate) fn emissions(&self) -> Vec<Emission> {
        self.log().from(self.start)
    }

    /// Returns the index of the first emission that this value shows.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Returns the handlers of an event that the dispatcher has.
    pub(crate) fn handlers(&self, event: &EventInfo) -> Vec<HandlerInfo> {
        let Ok(dispatcher) = self.shared.dispatcher.get() else {
            return Vec::new();
        };
        let mut events = dispatcher.events();
        let view = events.find(|view| view.info().type_id() == event.type_id());
        let handlers = view.map(|view| view.handlers().collect());
        handlers.unwrap_or_default()
    }

    /// Returns the events that the dispatcher has a handler for.
    pub(crate) fn events_of(&self, is: impl Fn(HandlerInfo) -> bool) -> Vec<&'static EventInfo> {
        let Ok(dispatcher) = self.shared.dispatcher.get() else {
            return Vec::new();
        };
        let events = dispatcher.events();
        events
            .filter(|view| view.handlers().any(&is))
            .map(|view| view.info())
            .collect()
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("events", &self.count())
            .finish_non_exhaustive()
    }
}
