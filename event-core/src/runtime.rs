//! The runtime that tasks run on: tokio, with the feature of that name, or none.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

#[cfg(feature = "tokio")]
pub(crate) use crate::runtime::on_tokio::{Aborter, Runtime, now, sleep, within, yield_now};
#[cfg(not(feature = "tokio"))]
pub(crate) use crate::runtime::without::{Aborter, Runtime, now, sleep, within, yield_now};

/// A task.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

#[cfg(feature = "tokio")]
mod on_tokio {
    use std::sync::Arc;

    use crate::panics;
    use crate::runtime::{Duration, Future, Instant, Task};
    use crate::scheduler::{self, ScheduledTask, Scheduler};

    /// Aborts a task.
    pub(crate) type Aborter = tokio::task::AbortHandle;

    /// A handle of a runtime, which may end at any time; after that it refuses and drops tasks.
    #[derive(Clone, Debug)]
    pub(crate) struct Runtime {
        handle: tokio::runtime::Handle,
        /// Chooses which task runs next, in a test that explores.
        scheduler: Option<Arc<dyn Scheduler>>,
    }

    impl Runtime {
        pub(crate) fn new(handle: tokio::runtime::Handle) -> Self {
            let scheduler = scheduler::current();
            Self { handle, scheduler }
        }

        /// Returns the runtime that this code runs on.
        pub(crate) fn current() -> Option<Self> {
            tokio::runtime::Handle::try_current().ok().map(Self::new)
        }

        /// Whether tasks run one poll at a time, and nothing runs on a thread.
        pub(crate) fn has_scheduler(&self) -> bool {
            self.scheduler.is_some()
        }

        pub(crate) fn spawn(&self, task: Task) -> Aborter {
            self.spawn_for(task).abort_handle()
        }

        pub(crate) fn spawn_for<R: Send + 'static>(
            &self,
            task: impl Future<Output = R> + Send + 'static,
        ) -> tokio::task::JoinHandle<R> {
            match &self.scheduler {
                None => self.handle.spawn(task),
                Some(scheduler) => self.handle.spawn(ScheduledTask::new(task, scheduler)),
            }
        }

        /// Whether the runtime has timers. A runtime without timers says so in a panic, which the panic hook
        /// shows.
        pub(crate) fn has_timers(&self) -> bool {
            let timer = || drop(tokio::time::sleep(Duration::ZERO));
            panics::catch(|| self.inside(timer)).is_ok()
        }

        /// Whether the runtime has ended. An ended runtime drops each task before it begins.
        #[cold]
        pub(crate) fn has_ended(&self) -> bool {
            let task = self.handle.spawn(std::future::pending::<()>());
            let has_ended = task.is_finished();
            task.abort();
            has_ended
        }

        /// Waits for a future on a thread that is not the runtime's.
        pub(crate) fn block_on<R>(&self, future: impl Future<Output = R>) -> R {
            self.handle.block_on(future)
        }

        /// Runs `code`, which may make timers, inside of the runtime.
        pub(crate) fn inside<R>(&self, code: impl FnOnce() -> R) -> R {
            let _inside = self.handle.enter();
            code()
        }
    }

    /// Waits for a time. Polled first inside of a runtime.
    pub(crate) async fn sleep(wait: Duration) {
        tokio::time::sleep(wait).await;
    }

    /// Returns the time by the clock of the runtime, which tests may pause.
    pub(crate) fn now() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    /// Lets other tasks run.
    pub(crate) async fn yield_now() {
        tokio::task::yield_now().await;
    }

    /// Waits for `future`, but no longer than `limit`.
    pub(crate) async fn within<F: Future>(
        limit: Duration,
        future: F,
    ) -> Result<F::Output, Duration> {
        tokio::time::timeout(limit, future).await.map_err(|_| limit)
    }
}

#[cfg(not(feature = "tokio"))]
mod without {
    use crate::runtime::{Duration, Future, Instant, Task};

    pub(crate) struct Aborter(());

    impl Aborter {
        #[allow(clippy::unused_self, reason = "in the place of a real one")]
        pub(crate) fn abort(&self) {}
    }

    /// A runtime that does not exist: no code makes a value of it.
    #[derive(Clone, Debug)]
    pub(crate) struct Runtime(());

    #[allow(
        clippy::unused_self,
        reason = "in the place of a real one, whose methods these are"
    )]
    impl Runtime {
        pub(crate) fn current() -> Option<Self> {
            None
        }

        /// Refuses the task, as a runtime that has ended does.
        pub(crate) fn has_scheduler(&self) -> bool {
            false
        }

        pub(crate) fn spawn(&self, task: Task) -> Aborter {
            drop(task);
            Aborter(())
        }

        pub(crate) fn has_timers(&self) -> bool {
            false
        }

        pub(crate) fn has_ended(&self) -> bool {
            false
        }

        pub(crate) fn block_on<R>(&self, _: impl Future<Output = R>) -> R {
            unreachable!("a build refuses async handlers without a runtime")
        }

        pub(crate) fn inside<R>(&self, code: impl FnOnce() -> R) -> R {
            code()
        }
    }

    /// Without a runtime nothing sleeps: a build refuses handlers that would.
    pub(crate) async fn sleep(_: Duration) {}

    pub(crate) fn now() -> Instant {
        Instant::now()
    }

    pub(crate) async fn yield_now() {}

    /// Waits for `future`. Without a runtime there is no timer, and a build refuses handlers that need
    /// one.
    pub(crate) async fn within<F: Future>(_: Duration, future: F) -> Result<F::Output, Duration> {
        Ok(future.await)
    }
}
