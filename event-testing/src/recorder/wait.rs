//! Waits for an event.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::time::{Duration, Instant};

use event_core::{AnyEvent, Event};
use event_listener::Listener as _;

use crate::event_list::EventList;
use crate::limit::{default_limit, within};
use crate::recorder::Recorder;
use crate::recorder::recorded::RecordedEvent;
use crate::shown::type_name;

/// Waits for an event, returned by [`Recorder::wait_for`]: await it, or [block](Self::blocking) a thread.
///
/// The limit is [5 seconds](crate#limits) of real time, also where the clock of the runtime is paused.
///
/// # Panics
///
/// No such event was emitted within the limit. The text lists what was.
///
/// # Cancellation
///
/// Nothing is lost if it is dropped: a later wait sees the same events.
#[must_use = "nothing is waited for until it is awaited, or blocks a thread"]
pub struct WaitFor<'a, E> {
    recorder: Recorder,
    accepts: Box<dyn Fn(&E) -> bool + Send + 'a>,
    limit: Duration,
    at: &'static Location<'static>,
}

impl<'a, E: Event> WaitFor<'a, E> {
    #[track_caller]
    pub(crate) fn new(recorder: Recorder, accepts: Box<dyn Fn(&E) -> bool + Send + 'a>) -> Self {
        Self {
            recorder,
            accepts,
            limit: default_limit(),
            at: Location::caller(),
        }
    }

    /// Sets the limit. The factor for slow machines does not change it.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Blocks the thread until the event is emitted.
    ///
    /// # Panics
    ///
    /// No such event was emitted within the limit.
    #[track_caller]
    #[allow(clippy::must_use_candidate, reason = "the waiting is its effect")]
    pub fn blocking(self) -> RecordedEvent<E> {
        let deadline = Instant::now() + self.limit;
        let failure = self.failure();
        let mut search = Search::new(self);
        loop {
            let changed = search.recorder.log().listen();
            if let Some(found) = search.next() {
                return found;
            }
            if changed.wait_deadline(deadline).is_none() {
                // It may have been emitted at the last moment.
                let last = search.next();
                return match last {
                    Some(found) => found,
                    None => failure.panic::<E>(),
                };
            }
        }
    }

    fn failure(&self) -> Failure {
        Failure {
            recorder: self.recorder.clone(),
            limit: self.limit,
            at: self.at,
        }
    }
}

impl<'a, E: Event> IntoFuture for WaitFor<'a, E> {
    type Output = RecordedEvent<E>;
    type IntoFuture = Pin<Box<dyn Future<Output = RecordedEvent<E>> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let failure = self.failure();
        let mut search = Search::new(self);
        Box::pin(async move {
            let found = async move {
                loop {
                    let changed = search.recorder.log().listen();
                    if let Some(found) = search.next() {
                        return found;
                    }
                    changed.await;
                }
            };
            match within(failure.limit, found).await {
                Some(found) => found,
                None => failure.panic::<E>(),
            }
        })
    }
}

/// Looks at each event once.
struct Search<'a, E> {
    recorder: Recorder,
    accepts: Box<dyn Fn(&E) -> bool + Send + 'a>,
    /// The index of the next event to look at.
    next: usize,
}

impl<'a, E: Event> Search<'a, E> {
    fn new(wait: WaitFor<'a, E>) -> Self {
        Self {
            next: wait.recorder.start(),
            recorder: wait.recorder,
            accepts: wait.accepts,
        }
    }

    /// Returns the next event that is accepted.
    fn next(&mut self) -> Option<RecordedEvent<E>> {
        let events = self.recorder.log().events_from(self.next);
        self.next += events.len();
        let mut events = events.into_iter();
        events.find_map(|(event, meta)| {
            let event = RecordedEvent::of(event, &meta)?;
            (self.accepts)(&event).then_some(event)
        })
    }
}

/// What the text of a wait that ended without its event needs.
struct Failure {
    recorder: Recorder,
    limit: Duration,
    at: &'static Location<'static>,
}

impl Failure {
    #[track_caller]
    fn panic<E: Event>(&self) -> ! {
        let event = type_name(E::INFO);
        let (limit, at) = (self.limit, self.at);
        let note = |_, other: &dyn AnyEvent| {
            let is_near = other.is::<E>();
            is_near.then(|| "the closure returns `false`".to_owned())
        };
        let list = EventList::new(&self.recorder).noting(&note);
        panic!(
            "no `{event}` that the closure accepts was emitted within {limit:?}, for which {at} waited\n{list}"
        );
    }
}

impl<E> fmt::Debug for WaitFor<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitFor")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
