//! Shuts a dispatcher down.

use std::fmt;
#[cfg(feature = "tokio")]
use std::future::Future;
#[cfg(feature = "tokio")]
use std::pin::Pin;
use std::sync::Arc;
#[cfg(feature = "tokio")]
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use event_listener::Listener as _;

use crate::counted::Counted;
use crate::engine::state::DispatcherState;
use crate::handler_info::HandlerInfo;
#[cfg(feature = "tokio")]
use crate::runtime::Runtime;

/// The result of a [`shutdown`](crate::Dispatcher::shutdown), by handler.
#[derive(Clone, Debug)]
#[must_use = "it tells what was abandoned"]
pub struct ShutdownReport {
    drained: Vec<(HandlerInfo, usize)>,
    abandoned: Vec<(HandlerInfo, usize)>,
    cancelled: usize,
    in_time: bool,
}

impl ShutdownReport {
    /// Returns how many deliveries ended after the call, whatever their status.
    #[must_use]
    pub fn drained_count(&self) -> usize {
        sum(&self.drained)
    }

    /// Returns how many deliveries had not ended when the time limit was reached.
    #[must_use]
    pub fn abandoned_count(&self) -> usize {
        sum(&self.abandoned)
    }

    /// Returns the deliveries that ended after the call, whatever their status, by handler. Each delivery
    /// that was in a task or a queue when the shutdown began, or was handed over since, is counted once,
    /// here or among those [abandoned](Self::abandoned).
    #[must_use]
    pub fn drained(&self) -> &[(HandlerInfo, usize)] {
        &self.drained
    }

    /// Returns the deliveries that had not ended when the time limit was reached, by handler. Those that
    /// a thread runs continue to their end, and the shutdown does not wait for them; all others will
    /// never run.
    #[must_use]
    pub fn abandoned(&self) -> &[(HandlerInfo, usize)] {
        &self.abandoned
    }

    /// Returns the number of [spawned](crate::dispatcher::EmitAsync::spawned) emissions that had not
    /// ended when the time limit was reached. Their running deliveries are cancelled.
    #[must_use]
    pub fn cancelled(&self) -> usize {
        self.cancelled
    }

    /// Whether everything ended in time. If not, deliveries that were emitted near the limit may have
    /// been rejected.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.in_time && self.abandoned.is_empty() && self.cancelled == 0
    }

    fn of(inner: &DispatcherState) -> Self {
        let (mut drained, mut abandoned, cancelled) = inner.account();
        for counts in [&mut drained, &mut abandoned] {
            counts.sort_by_key(|(handler, _)| (handler.name(), handler.line()));
        }
        Self {
            drained,
            abandoned,
            cancelled,
            in_time: !inner.closing.ran_out_of_time(),
        }
    }
}

fn sum(counts: &[(HandlerInfo, usize)]) -> usize {
    counts.iter().map(|(_, count)| count).sum()
}

/// Shows the counts in one line, then each handler in a line of its own.
impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (drained, abandoned) = (self.drained_count(), self.abandoned_count());
        write!(f, "{drained} drained, {abandoned} abandoned")?;
        if self.cancelled > 0 {
            let cancelled = Counted::new(self.cancelled, "spawned emission", "spawned emissions");
            write!(f, ", {cancelled} cancelled")?;
        }
        if !self.in_time {
            f.write_str(", out of time")?;
        }
        for (counts, how) in [(&self.drained, "drained"), (&self.abandoned, "abandoned")] {
            for (handler, count) in counts {
                write!(f, "\n  {how} {count}: {handler}")?;
            }
        }
        Ok(())
    }
}

/// A shutdown, which begins when this value is awaited or blocks a thread. Returned by
/// [`Dispatcher::shutdown`](crate::Dispatcher::shutdown).
///
/// # Cancellation
///
/// If the future is dropped before its end, the dispatcher continues to drain, without a limit.
#[must_use = "a shutdown does nothing until it is awaited, or until `.blocking()`"]
pub struct Shutdown {
    state: Arc<DispatcherState>,
    limit: Duration,
    #[cfg(feature = "tokio")]
    running: Option<Pin<Box<dyn Future<Output = ShutdownReport> + Send>>>,
}

impl Shutdown {
    pub(crate) fn new(state: &Arc<DispatcherState>, limit: Duration) -> Self {
        Self {
            state: Arc::clone(state),
            limit,
            #[cfg(feature = "tokio")]
            running: None,
        }
    }

    /// Shuts down, and blocks the thread until it is done.
    pub fn blocking(self) -> ShutdownReport {
        let closed = self.state.closing.closed.listen();
        self.state.drain();
        if !self.state.closing.is_closed() {
            match Instant::now().checked_add(self.limit) {
                Some(deadline) => {
                    let _ = closed.wait_deadline(deadline);
                }
                None => closed.wait(),
            }
        }
        self.state.close();
        ShutdownReport::of(&self.state)
    }
}

#[cfg(feature = "tokio")]
impl Future for Shutdown {
    type Output = ShutdownReport;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<ShutdownReport> {
        let this = &mut *self;
        let running = this
            .running
            .get_or_insert_with(|| Box::pin(shutdown(Arc::clone(&this.state), this.limit)));
        running.as_mut().poll(context)
    }
}

#[cfg(feature = "tokio")]
async fn shutdown(state: Arc<DispatcherState>, limit: Duration) -> ShutdownReport {
    let closed = state.closing.closed.listen();
    state.drain();
    if !state.closing.is_closed() {
        let waiting = || tokio::time::timeout(limit, closed);
        // Timers need a runtime. This future may be polled outside of the dispatcher's runtime, which may
        // have ended.
        let runtime = Runtime::current();
        let waiting = match runtime.as_ref().or(state.runtime.as_ref()) {
            Some(runtime) => runtime.inside(waiting),
            None => waiting(),
        };
        let _ = waiting.await;
    }
    state.close();
    ShutdownReport::of(&state)
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
