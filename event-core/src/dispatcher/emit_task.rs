//! Emissions as tasks, which continue if no code waits for them.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use crate::dispatcher::emit_future::EmitAsync;
use crate::engine::shutdown::closing::TaskGuard;
use crate::engine::state::DispatcherState;
use crate::event::info::EventInfo;
use crate::nesting;
use crate::nesting::scope::{self, NestingScope};
use crate::panics::DropCaught;
use crate::report::Report;
use crate::report::failure::{Cause, Failure};
use crate::runtime::Runtime;
use crate::spans::Trace;

impl<F: Future<Output = Report> + Send + 'static> EmitAsync<'_, F> {
    /// Makes the emission a task, which starts at once and continues if this future is dropped. The task
    /// is tracked: [`shutdown`](crate::Dispatcher::shutdown) waits for it.
    ///
    /// This is recommended in request handlers, whose future is dropped when the client disconnects.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// #[derive(Event)]
    /// struct UserSignedUp;
    ///
    /// #[handler]
    /// async fn welcome(_event: &UserSignedUp) {
    ///     tokio::task::yield_now().await;
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dispatcher = Dispatcher::builder().build()?;
    /// let report = dispatcher.emit_async(UserSignedUp).spawned().await;
    /// assert_eq!(report.done(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// The dispatcher was built outside of a runtime, and `spawned` is called outside of a runtime.
    pub fn spawned(self) -> EmitTask {
        let runtime = self.inner.runtime.clone().or_else(Runtime::current);
        let Some(runtime) = runtime else {
            panic!(
                "a spawned emission needs a tokio runtime: give one to the builder with \
                 `.runtime(handle)`"
            )
        };
        let tracked = Tracked::enter(self.inner, self.event);
        let id = tracked.task.as_ref().map(TaskGuard::id);
        let future = self.future;
        // An emission that a handler spawns stays inside the handler's own, wherever it runs; an emission
        // that an `on_failure` hook spawns descends from the failed event.
        let nested = NestingScope::here(self.inner.id());
        let (is_told, cause) = (nesting::is_told(), nesting::cause());
        // Code of a session is outside of every emission, and what it spawns belongs to the session.
        let session = scope::tracker();
        let outer = session
            .as_ref()
            .and_then(|session| session.track_emission(self.event));
        let within = Trace::of_emitter(self.inner.makes_spans());
        let task = runtime.spawn_for(async move {
            // Moves the whole value: an assignment to the field alone would capture and move a copy of
            // the field.
            let mut tracked = tracked;
            tracked.has_begun = true;
            let mut future = pin!(future);
            let inner = &tracked.inner;
            let mut poll = |context: &mut Context<'_>| match &nested {
                None => {
                    let _tracking = session.as_ref().map(scope::track);
                    future.as_mut().poll(context)
                }
                Some(nested) if is_told => {
                    let poll = || future.as_mut().poll(context);
                    nesting::enter_elsewhere(|| nested.descend(inner.id(), cause, poll).0)
                }
                Some(nested) => {
                    let poll = || future.as_mut().poll(context);
                    nesting::enter_elsewhere(|| nested.enter(inner.id(), poll).0)
                }
            };
            let report = poll_fn(|context| within.run(|| poll(context))).await;
            drop(outer);
            report
        });
        if let Some(id) = id {
            let aborter = task.abort_handle();
            self.inner.tasks.set_aborter(id, aborter);
        }
        EmitTask {
            inner: Arc::downgrade(self.inner),
            event: self.event,
            task,
        }
    }
}

/// Counts the task among those that a shutdown waits for.
struct Tracked {
    inner: DropCaught<Arc<DispatcherState>>,
    event: &'static EventInfo,
    has_begun: bool,
    /// `None` if the dispatcher is closed; the emission itself reports that. It is dropped after `inner`,
    /// so that code that sees no task running may be the last owner of the dispatcher.
    task: Option<TaskGuard>,
}

impl Tracked {
    fn enter(inner: &Arc<DispatcherState>, event: &'static EventInfo) -> Self {
        let id = inner.tasks.enter_emission();
        Self {
            inner: DropCaught::new(Arc::clone(inner)),
            event,
            has_begun: false,
            task: id.map(|id| TaskGuard::new(inner, id)),
        }
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        if !self.has_begun {
            let cause = self.inner.abandoned(None);
            let failure = Failure::new(self.event, None, cause);
            let failure = failure.in_dispatcher(self.inner.name());
            crate::engine::failure_log::failure(&self.inner, &failure, &Trace::NONE, &Trace::NONE);
            self.inner.notify_failure(&failure);
        }
    }
}

/// A [spawned](EmitAsync::spawned) emission. Dropping it does not end the emission.
#[must_use = "await it for the report; the emission runs to its end without that"]
pub struct EmitTask {
    inner: Weak<DispatcherState>,
    event: &'static EventInfo,
    task: tokio::task::JoinHandle<Report>,
}

impl Future for EmitTask {
    type Output = Report;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Report> {
        let joined = ready!(Pin::new(&mut self.task).poll(context));
        // Emissions do not panic, so the runtime ended before this one did.
        Poll::Ready(joined.unwrap_or_else(|_| {
            let inner = self.inner.upgrade();
            let cause = inner
                .as_deref()
                .map_or(Cause::Abandoned { queue: None }, |it| it.abandoned(None));
            let failure = Failure::new(self.event, None, cause);
            Report::abandoned(failure.in_dispatcher(inner.as_deref().and_then(|it| it.name())))
        }))
    }
}

impl fmt::Debug for EmitTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmitTask").finish_non_exhaustive()
    }
}
