//! Waits until a dispatcher has nothing to do.

use std::fmt;
#[cfg(feature = "tokio")]
use std::future::Future;
#[cfg(feature = "tokio")]
use std::pin::Pin;
use std::sync::Arc;
#[cfg(feature = "tokio")]
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::counted::Counted;
use crate::dispatcher::Dispatcher;
use crate::engine::queue::live::{LiveQueue, ServedBy};
use crate::engine::shutdown::quiet::UnfinishedWork;
use crate::engine::state::DispatcherState;
use crate::handler_info::HandlerInfo;
use crate::queue::account;
use crate::queue::buffer::sleep::block_on;
#[cfg(feature = "tokio")]
use crate::runtime::Runtime;

impl Dispatcher {
    /// Waits until tasks, queued deliveries, deliveries that wait for their next attempt, and all that they
    /// cause have ended, but no longer than `limit`. The dispatcher stays open.
    ///
    /// Nothing happens before the returned value is awaited, or [blocks](Join::blocking) a thread. What is
    /// emitted meanwhile is waited for, too: the wait ends at a moment at which nothing of the dispatcher
    /// waits or runs. It does not wait for an `emit` that runs on another thread, for the async handlers of an
    /// [`emit_async`](Self::emit_async) that is not [spawned](crate::dispatcher::EmitAsync::spawned), and for the events of
    /// streams. A handler that waits for its own dispatcher waits for itself, until the limit. A shutdown
    /// that reaches its limit leaves deliveries that a thread runs, which are waited for until they end.
    ///
    /// # Errors
    ///
    /// The limit was reached; the [`JoinError`] names what has not ended.
    ///
    /// # Cancellation
    ///
    /// Dropping the future only ends the wait.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use std::time::Duration;
    /// use event_core::queue::Queue;
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// static MAIL: Queue = Queue::new("mail");
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// #[derive(Event)]
    /// struct ReceiptSent;
    ///
    /// #[handler(queue = MAIL)]
    /// async fn send_receipt(_event: &OrderPlaced) -> ReceiptSent {
    ///     ReceiptSent
    /// }
    ///
    /// #[handler]
    /// async fn archive(_event: &ReceiptSent) {}
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let dispatcher = Dispatcher::builder().build()?;
    /// dispatcher.emit(OrderPlaced);
    /// dispatcher.join(Duration::from_secs(10)).await?; // the receipt is sent and archived
    /// assert_eq!(dispatcher.emit(OrderPlaced).handed_over(), 1); // it is still open
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn join(&self, limit: Duration) -> Join {
        Join::new(self.inner(), limit)
    }
}

/// The error of a [`join`](crate::Dispatcher::join) whose time limit was reached: what has not ended.
#[derive(Clone, Debug)]
pub struct JoinError {
    limit: Duration,
    unfinished: Vec<(HandlerInfo, usize)>,
    emissions: usize,
    stopped: Vec<StoppedQueue>,
}

/// A queue whose deliveries nothing runs.
#[derive(Clone, Copy, Debug)]
enum StoppedQueue {
    Paused(&'static str),
    /// The queue runs its deliveries where its handle is pumped.
    Pumped(&'static str),
}

impl StoppedQueue {
    fn of(queue: &LiveQueue, is_paused: bool) -> Option<Self> {
        match queue.serves() {
            _ if is_paused => Some(Self::Paused(queue.name)),
            ServedBy::Pump => Some(Self::Pumped(queue.name)),
            ServedBy::Threads | ServedBy::Tasks | ServedBy::Stream => None,
        }
    }

    fn name(&self) -> &'static str {
        let (Self::Paused(name) | Self::Pumped(name)) = self;
        name
    }
}

impl JoinError {
    fn of(state: &DispatcherState, work: UnfinishedWork, limit: Duration) -> Self {
        let mut unfinished = work.tasks.deliveries;
        let mut emissions = work.tasks.emissions;
        let mut stopped = Vec::new();
        for (queue, work) in state.queues.iter().zip(work.queues) {
            if !work.deliveries.is_empty() {
                stopped.extend(StoppedQueue::of(queue, work.is_paused));
            }
            for (label, deliveries) in work.deliveries {
                if let Some(handler) = state.labelled(label) {
                    account::add(&mut unfinished, handler, deliveries);
                }
            }
            emissions += work.emissions;
        }
        unfinished.sort_by_key(|(handler, _)| (handler.name(), handler.line()));
        // The order of a dispatcher's queues differs from build to build.
        stopped.sort_by_key(StoppedQueue::name);
        Self {
            limit,
            unfinished,
            emissions,
            stopped,
        }
    }

    /// Returns the deliveries that have not ended, by handler: those that run, those that wait in a queue or
    /// for capacity, and those that wait for their next attempt.
    #[must_use]
    pub fn unfinished(&self) -> &[(HandlerInfo, usize)] {
        &self.unfinished
    }

    /// Returns how many deliveries have not ended.
    #[must_use]
    pub fn unfinished_count(&self) -> usize {
        self.unfinished.iter().map(|(_, count)| count).sum()
    }

    /// Returns how many emissions have not ended: [spawned](crate::dispatcher::EmitAsync::spawned) ones, and
    /// those of events that deliveries caused which have ended themselves.
    #[must_use]
    pub fn emissions(&self) -> usize {
        self.emissions
    }
}

/// Shows the counts in one line, then each handler in a line of its own, and each queue whose deliveries
/// nothing runs.
impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deliveries = Counted::deliveries(self.unfinished_count() as u64);
        write!(f, "{deliveries}")?;
        if self.emissions > 0 {
            let emissions = Counted::new(self.emissions as u64, "emission", "emissions");
            write!(f, " and {emissions}")?;
        }
        write!(f, " not ended within {:?}", self.limit)?;
        for (handler, count) in &self.unfinished {
            write!(f, "\n  {count} of {handler}")?;
        }
        for queue in &self.stopped {
            match queue {
                StoppedQueue::Paused(name) => write!(
                    f,
                    "\n  queue `{name}` is paused: call `resume()` on its handle"
                )?,
                StoppedQueue::Pumped(name) => write!(
                    f,
                    "\n  queue `{name}` runs where it is pumped: call `pump(…)` on its handle"
                )?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for JoinError {}

/// A wait, which begins when this value is awaited or blocks a thread. Returned by
/// [`Dispatcher::join`](crate::Dispatcher::join).
///
/// # Cancellation
///
/// Dropping the future only ends the wait.
#[must_use = "a join does nothing until it is awaited, or until `.blocking()`"]
pub struct Join {
    state: Arc<DispatcherState>,
    limit: Duration,
    #[cfg(feature = "tokio")]
    running: Option<Pin<Box<RunningJoin>>>,
}

#[cfg(feature = "tokio")]
type RunningJoin = dyn Future<Output = Result<(), JoinError>> + Send;

impl Join {
    pub(crate) fn new(state: &Arc<DispatcherState>, limit: Duration) -> Self {
        Self {
            state: Arc::clone(state),
            limit,
            #[cfg(feature = "tokio")]
            running: None,
        }
    }

    /// Waits, and blocks the thread until the wait is over.
    ///
    /// # Errors
    ///
    /// The time limit was reached.
    pub fn blocking(self) -> Result<(), JoinError> {
        let deadline = Instant::now().checked_add(self.limit);
        match block_on(self.state.closing.quiet(), deadline) {
            Some(()) => Ok(()),
            None => at_limit(&self.state, self.limit),
        }
    }
}

/// Returns an error that names what has not ended; no error if all has ended after all.
fn at_limit(state: &DispatcherState, limit: Duration) -> Result<(), JoinError> {
    match state.closing.unfinished() {
        None => Ok(()),
        Some(work) => Err(JoinError::of(state, work, limit)),
    }
}

#[cfg(feature = "tokio")]
impl Future for Join {
    type Output = Result<(), JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), JoinError>> {
        let this = &mut *self;
        let running = this
            .running
            .get_or_insert_with(|| Box::pin(join(Arc::clone(&this.state), this.limit)));
        running.as_mut().poll(context)
    }
}

#[cfg(feature = "tokio")]
async fn join(state: Arc<DispatcherState>, limit: Duration) -> Result<(), JoinError> {
    let waiting = || tokio::time::timeout(limit, state.closing.quiet());
    // Timers need a runtime. This future may be polled outside of the dispatcher's runtime, which may have
    // ended.
    let runtime = Runtime::current();
    let waiting = match runtime.as_ref().or(state.runtime.as_ref()) {
        Some(runtime) => runtime.inside(waiting),
        None => waiting(),
    };
    match waiting.await {
        Ok(()) => Ok(()),
        Err(_) => at_limit(&state, limit),
    }
}

impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
