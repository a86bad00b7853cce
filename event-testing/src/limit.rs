//! The limit of what waits: real time, whatever a runtime's clock says.

use std::env;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// The factor for slow machines.
pub(crate) const FACTOR: &str = "EVENT_TEST_TIMEOUT_FACTOR";

/// Returns the limit that a test does not choose.
pub(crate) fn default_limit() -> Duration {
    const LIMIT: Duration = Duration::from_secs(5);
    let factor = env::var_os(FACTOR);
    match factor.map(|text| scaled(LIMIT, &text.to_string_lossy())) {
        None => LIMIT,
        Some(Some(limit)) => limit,
        Some(None) => {
            panic!("the environment variable `{FACTOR}` is no number above 0, such as `3` or `0.5`")
        }
    }
}

fn scaled(limit: Duration, factor: &str) -> Option<Duration> {
    let factor: f64 = factor.parse().ok()?;
    let seconds = limit.as_secs_f64() * factor;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|limit| !limit.is_zero())
}

/// Waits for a future, but no longer than the limit. A thread measures the time if the future is not ready at once.
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut timer = None;
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        let timer = timer.get_or_insert_with(|| Timer::start(limit));
        timer.poll(context).map(|()| None)
    })
    .await
}

/// A thread that waits. It ends when this is dropped.
struct Timer {
    state: Arc<Mutex<TimerState>>,
    _running: Sender<()>,
}

#[derive(Default)]
struct TimerState {
    is_over: bool,
    waker: Option<Waker>,
}

impl Timer {
    fn start(limit: Duration) -> Self {
        let state = Arc::<Mutex<TimerState>>::default();
        let (running, ended) = mpsc::channel();
        let in_thread = Arc::clone(&state);
        thread::spawn(move || {
            if ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                let mut state = lock(&in_thread);
                state.is_over = true;
                let waker = state.waker.take();
                drop(state);
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
        });
        Self {
            state,
            _running: running,
        }
    }

    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = lock(&self.state);
        if state.is_over {
            return Poll::Ready(());
        }
        let before = state.waker.replace(context.waker().clone());
        drop(state);
        drop(before);
        Poll::Pending
    }
}

fn lock(state: &Mutex<TimerState>) -> MutexGuard<'_, TimerState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future;
    use std::time::Duration;

    use pollster::block_on;

    use super::{scaled, within};

    #[test]
    fn a_factor_scales_the_limit() {
        let second = Duration::from_secs(1);
        assert_eq!(scaled(second, "3"), Some(3 * second));
        assert_eq!(scaled(second, "0.5"), Some(second / 2));
        for wrong in ["", "x", "0", "-1", "inf", "NaN"] {
            assert_eq!(scaled(second, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_future_that_is_not_ready_ends_at_the_limit() {
        let limit = Duration::from_millis(1);
        assert_eq!(block_on(within(limit, future::pending::<()>())), None);
        assert_eq!(block_on(within(limit, future::ready(3))), Some(3));
    }
}
