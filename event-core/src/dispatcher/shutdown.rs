//! Ends a dispatcher in an orderly way.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_listener::Listener as _;

use super::closing::add;
use super::inner::Inner;
use crate::handler::HandlerInfo;

/// What a [`shutdown`](crate::Dispatcher::shutdown) led to, by handler.
#[derive(Clone, Debug, Default)]
#[must_use = "it tells what was abandoned"]
pub struct Shutdown {
    drained: Vec<(HandlerInfo, usize)>,
    abandoned: Vec<(HandlerInfo, usize)>,
}

impl Shutdown {
    /// Deliveries that ended while the dispatcher drained, by handler.
    #[must_use]
    pub fn drained(&self) -> &[(HandlerInfo, usize)] {
        &self.drained
    }

    /// Deliveries that had not ended when the time was over, by handler. Those that a thread runs go
    /// on to their end, and are not waited for; all others will never run.
    #[must_use]
    pub fn abandoned(&self) -> &[(HandlerInfo, usize)] {
        &self.abandoned
    }

    /// Whether everything ended in time.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.abandoned.is_empty()
    }

    fn of(inner: &Arc<Inner>, left: Vec<HandlerInfo>) -> Self {
        let mut abandoned = Vec::new();
        for handler in left {
            add(&mut abandoned, handler);
        }
        let mut drained = inner.closing.drained();
        for counts in [&mut drained, &mut abandoned] {
            counts.sort_by_key(|(handler, _)| (handler.name(), handler.line()));
        }
        Self { drained, abandoned }
    }
}

/// The counts in one line, then each handler in a line of its own.
impl fmt::Display for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |counts: &[(HandlerInfo, usize)]| counts.iter().map(|(_, n)| n).sum::<usize>();
        let (drained, abandoned) = (sum(&self.drained), sum(&self.abandoned));
        write!(f, "{drained} drained, {abandoned} abandoned")?;
        for (counts, how) in [(&self.drained, "drained"), (&self.abandoned, "abandoned")] {
            for (handler, count) in counts {
                write!(f, "\n  {how} {count}: {handler}")?;
            }
        }
        Ok(())
    }
}

/// Drains a dispatcher, for no longer than `limit`, as a task.
#[cfg(feature = "tokio")]
pub(super) async fn shutdown(inner: &Arc<Inner>, limit: Duration) -> Shutdown {
    let closed = inner.closing.closed.listen();
    inner.drain();
    if !inner.closing.is_closed() {
        let waiting = || tokio::time::timeout(limit, closed);
        // Timers belong to a runtime; this one may be polled outside of it.
        let waiting = match &inner.runtime {
            Some(runtime) => runtime.inside(waiting),
            None => waiting(),
        };
        let _ = waiting.await;
    }
    Shutdown::of(inner, inner.close())
}

/// The same, on a thread that waits.
pub(super) fn shutdown_blocking(inner: &Arc<Inner>, limit: Duration) -> Shutdown {
    let closed = inner.closing.closed.listen();
    inner.drain();
    if !inner.closing.is_closed() {
        match Instant::now().checked_add(limit) {
            Some(deadline) => {
                let _ = closed.wait_deadline(deadline);
            }
            None => closed.wait(),
        }
    }
    Shutdown::of(inner, inner.close())
}
