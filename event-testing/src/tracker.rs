//! Runs code and waits for all that it causes.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_core::__private::Session;
use event_core::Dispatcher;
use event_core::event::EventInfo;
use event_core::handler::HandlerInfo;

use crate::event_list::place;
use crate::limit::{FACTOR, default_limit, within};
use crate::recorder::Recorder;
use crate::shown::type_name;

/// Runs code and waits for all that it causes, returned by
/// [`DispatcherExt::tracker`](crate::DispatcherExt::tracker).
///
/// # What is waited for
///
/// What the code emits while it is polled belongs to the session, at this dispatcher and at every other one, and so
/// does all that these events cause: deliveries in queues and tasks, their next attempts, spawned emissions, and what
/// handlers emit, at every level. The session ends when the code and the last of these deliveries have ended. That is counted, so
/// nothing polls or sleeps, and what others emit meanwhile is not waited for.
///
/// What the code does in threads and tasks that it starts itself does not belong to the session, and neither do
/// events of streams. A delivery to a [`LocalQueue`](event_core::queue::LocalQueue) belongs to it, so the code has to
/// pump that queue.
#[must_use = "nothing runs until `.run(…)` or `.run_blocking(…)`"]
pub struct Tracker<'d> {
    dispatcher: &'d Dispatcher,
    session: Arc<Session>,
    limit: Option<Duration>,
}

impl<'d> Tracker<'d> {
    pub(crate) fn new(dispatcher: &'d Dispatcher) -> Self {
        Self {
            dispatcher,
            session: Arc::new(Session::begin()),
            limit: None,
        }
    }

    /// Sets the limit of the whole session, in real time. The default is [5 seconds](crate#limits).
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Records the events that belong to the session, and no others: not those that other tasks emit meanwhile.
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::{Dispatcher, Event};
    /// use event_testing::{DispatcherExt as _, assert_emitted, assert_nothing_emitted};
    ///
    /// #[derive(Event)]
    /// struct Heartbeat;
    ///
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let all = dispatcher.record();
    /// let tracker = dispatcher.tracker();
    /// let rec = tracker.record();
    /// dispatcher.emit(Heartbeat);
    /// tracker.run_blocking(|_| ())?;
    /// assert_emitted!(all, Heartbeat);
    /// assert_nothing_emitted!(rec);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "dropping the recorder ends the recording"]
    pub fn record(&self) -> Recorder {
        Recorder::of_session(self.dispatcher, Arc::clone(&self.session))
    }

    /// Runs an async closure, and returns its output when all that it caused has ended.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use std::time::Duration;
    /// use event_core::queue::Queue;
    /// use event_core::{Dispatcher, Event, handler};
    /// use event_testing::DispatcherExt as _;
    ///
    /// static MAIL: Queue = Queue::new("mail");
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// #[handler(queue = MAIL)]
    /// async fn send_receipt(_event: &OrderPlaced) {
    ///     std::future::pending().await
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dispatcher = Dispatcher::builder().build()?;
    /// let tracker = dispatcher.tracker().limit(Duration::from_millis(20));
    /// let error = tracker.run(async |d| drop(d.emit(OrderPlaced))).await.unwrap_err();
    /// let (event, handler) = error.pending()[0];
    /// assert!(event.type_name().ends_with("OrderPlaced") && handler.is(send_receipt));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The session did not end within the limit: the error names what has not ended. The closure is dropped then;
    /// deliveries continue.
    ///
    /// # Cancellation
    ///
    /// If the future is dropped early, so is the closure; deliveries that were handed over continue.
    pub async fn run<R>(self, code: impl AsyncFnOnce(&Dispatcher) -> R) -> Result<R, TrackError> {
        let limit = self.limit_or_default();
        let session = &*self.session;
        let mut has_returned = false;
        let tracked = async {
            let output = {
                let mut code = pin!(session.inside(|| code(self.dispatcher)));
                poll_fn(|context| session.inside(|| code.as_mut().poll(context))).await
            };
            has_returned = true;
            session.close();
            session.ended().await;
            output
        };
        match within(limit, tracked).await {
            Some(output) => Ok(output),
            None => Err(TrackError::new(limit, has_returned, session)),
        }
    }

    /// Runs a closure, and blocks the thread until all that it caused has ended. It needs no runtime; on a thread of
    /// a runtime it blocks the tasks that it waits for, perhaps for ever.
    ///
    /// # Errors
    ///
    /// The session did not end within the limit: the error names what has not ended. The limit does not end the
    /// closure itself.
    pub fn run_blocking<R>(self, code: impl FnOnce(&Dispatcher) -> R) -> Result<R, TrackError> {
        let limit = self.limit_or_default();
        let deadline = Instant::now() + limit;
        let session = &*self.session;
        let output = session.inside(|| code(self.dispatcher));
        session.close();
        if session.wait_until(deadline) {
            Ok(output)
        } else {
            Err(TrackError::new(limit, true, session))
        }
    }

    fn limit_or_default(&self) -> Duration {
        self.limit.unwrap_or_else(default_limit)
    }
}

impl fmt::Debug for Tracker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracker")
            .field("dispatcher", &self.dispatcher)
            .field("limit", &self.limit_or_default())
            .finish()
    }
}

/// A session did not end within its limit, returned by [`Tracker::run`] and [`Tracker::run_blocking`].
///
/// `Display` lists what has not ended.
pub struct TrackError {
    limit: Duration,
    has_returned: bool,
    pending: Vec<(&'static EventInfo, HandlerInfo)>,
    /// The events of spawned emissions.
    spawned: Vec<&'static EventInfo>,
}

impl TrackError {
    fn new(limit: Duration, has_returned: bool, session: &Session) -> Self {
        Self {
            limit,
            has_returned,
            pending: session.pending(),
            spawned: session.spawned(),
        }
    }

    /// Returns the deliveries that were handed over and have not ended, with the type of the event of each.
    #[must_use]
    pub fn pending(&self) -> &[(&'static EventInfo, HandlerInfo)] {
        &self.pending
    }

    /// Whether the closure has ended.
    #[must_use]
    pub fn has_returned(&self) -> bool {
        self.has_returned
    }
}

impl Error for TrackError {}

impl fmt::Display for TrackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the session did not end within {:?}:", self.limit)?;
        if !self.has_returned {
            f.write_str("\n  the closure has not ended")?;
        }
        for (event, handler) in &self.pending {
            let (event, place) = (type_name(event), place(*handler));
            write!(f, "\n  {event} to {handler}{place}")?;
        }
        for event in &self.spawned {
            write!(f, "\n  {}, a spawned emission", type_name(event))?;
        }
        write!(
            f,
            "\nhelp: on a slow machine, set the environment variable `{FACTOR}` to a number above 1, or choose a \
             limit: `dispatcher.tracker().limit(…).run(…)`"
        )
    }
}

impl fmt::Debug for TrackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
