//! A unit of work: the events of one transaction, which are emitted once it is committed.
//!
//! A unit that is dropped was rolled back, if the code that had it returned an error, panicked or was
//! dropped itself. If that code returned `Ok`, it has forgotten to say how the transaction ended. A drop alone
//! looks the same in both cases, so a unit exists only inside of a closure, whose result tells them apart.

use std::fmt;
use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use crate::dispatcher::Dispatcher;
use crate::dispatcher::payload::{Payload, Request};
use crate::dispatcher::pending::PendingEvents;
use crate::engine::emission::lineage::Lineage;
use crate::engine::failure_log;
use crate::engine::state::DispatcherState;
use crate::event::info::EventInfo;
use crate::event::{EmitsNow, Event};
use crate::report::Report;
use crate::report::failure::{Cause, Failure};
use crate::spans::Trace;
use crate::{log, panics};

impl Dispatcher {
    /// Runs code that records the events of one transaction in a [`UnitOfWork`], and that says how the
    /// transaction ended.
    ///
    /// A part of it is taken back alone with [`savepoint`](UnitOfWork::savepoint).
    ///
    /// Right after the commit, `committed()` returns the events, for any of the verbs that emit. Code that returns
    /// an error or panics has rolled the transaction back: its events are dropped, and counted in
    /// [`counts`](Self::counts). Code that returns `Ok` and recorded events, but said neither `committed()`
    /// nor `rolled_back()`, has a mistake: the events are dropped, and that is logged as an error, counted,
    /// and passed to [`on_failure`](crate::dispatcher::DispatcherBuilder::on_failure).
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::{Dispatcher, Event};
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// # struct Transaction;
    /// # impl Transaction { fn commit(self) -> Result<(), &'static str> { Ok(()) } }
    /// # fn begin() -> Result<Transaction, &'static str> { Ok(Transaction) }
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let report = dispatcher.unit_of_work(|mut work| {
    ///     let tx = begin()?;
    ///     work.emit(OrderPlaced); // emitted once it is true
    ///     tx.commit()?;
    ///     Ok::<_, &str>(dispatcher.emit(work.committed()))
    /// })?;
    /// assert_eq!(report.events(), 1);
    ///
    /// let failed = dispatcher.unit_of_work(|mut work| {
    ///     work.emit(OrderPlaced);
    ///     Err::<(), _>("the card was declined")
    /// });
    /// assert!(failed.is_err());
    /// assert_eq!(dispatcher.counts().rolled_back, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `run`.
    pub fn unit_of_work<T, E>(&self, run: impl FnOnce(UnitOfWork) -> Result<T, E>) -> Result<T, E> {
        let mut scope = Scope::new(self.inner());
        let result = run(scope.unit());
        scope.is_ok = result.is_ok();
        result
    }

    /// [`unit_of_work`](Self::unit_of_work) for async code.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::{Dispatcher, Event};
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// # #[cfg(feature = "tokio")] fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # struct Transaction;
    /// # impl Transaction { async fn commit(self) -> Result<(), &'static str> { Ok(()) } }
    /// # async fn begin() -> Result<Transaction, &'static str> { Ok(Transaction) }
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let report = dispatcher
    ///     .unit_of_work_async(async |mut work| {
    ///         let tx = begin().await?;
    ///         work.emit(OrderPlaced);
    ///         tx.commit().await?;
    ///         Ok::<_, &str>(dispatcher.emit_async(work.committed()).spawned().await)
    ///     })
    ///     .await?;
    /// assert_eq!(report.events(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok(()) }
    /// # #[cfg(not(feature = "tokio"))] fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `run`.
    ///
    /// # Cancellation
    ///
    /// Dropping the future before `committed()` is a rollback. If it may be dropped after the commit, emit
    /// with [`spawned`](crate::dispatcher::EmitAsync::spawned).
    pub async fn unit_of_work_async<T, E>(
        &self,
        run: impl AsyncFnOnce(UnitOfWork) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut scope = Scope::new(self.inner());
        let result = run(scope.unit()).await;
        scope.is_ok = result.is_ok();
        result
    }
}

/// The events of one transaction, which are emitted once it is committed; see
/// [`Dispatcher::unit_of_work`].
#[must_use = "dropping it drops its events: say `.committed()` or `.rolled_back()`"]
pub struct UnitOfWork {
    inner: Arc<DispatcherState>,
    events: PendingEvents,
    ends: Arc<Mutex<Ends>>,
}

impl UnitOfWork {
    /// Records an event, to be emitted after the commit.
    #[track_caller]
    pub fn emit<E>(&mut self, event: E)
    where
        E: Event + EmitsNow<E::Durability>,
    {
        self.events.record(event);
    }

    /// Moves the events that a domain object has recorded to the end of this unit.
    pub fn append(&mut self, recorded: &mut PendingEvents) {
        self.events.append(recorded);
    }

    /// Returns how many events are recorded.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether no event is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Says that the transaction is committed, and returns its events, to be emitted.
    pub fn committed(mut self) -> CommittedEvents {
        CommittedEvents {
            inner: Arc::clone(&self.inner),
            events: self.events.take(),
        }
    }

    /// Says that the transaction was rolled back. The events are dropped and counted.
    pub fn rolled_back(mut self) {
        let events = self.events.take();
        if !events.is_empty() {
            roll_back(&self.inner, events, "a unit of work");
        }
    }

    /// Returns what a savepoint of the unit needs.
    pub(super) fn parts(&mut self) -> (&Arc<DispatcherState>, &mut PendingEvents) {
        (&self.inner, &mut self.events)
    }
}

impl Drop for UnitOfWork {
    fn drop(&mut self) {
        if self.events.is_empty() {
            return;
        }
        let events = self.events.take();
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        match ends.is_ok {
            None => ends.dropped = Some(events),
            Some(is_ok) => {
                drop(ends);
                end_dropped(&self.inner, events, is_ok);
            }
        }
    }
}

impl fmt::Debug for UnitOfWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnitOfWork").field(&self.events).finish()
    }
}

/// The events of a committed transaction, returned by [`UnitOfWork::committed`]: a [`Payload`] that is
/// emitted as [`PendingEvents`] are. Dropping it without emitting it is a mistake, which is logged as an error,
/// counted, and passed to [`on_failure`](crate::dispatcher::DispatcherBuilder::on_failure).
#[must_use = "the events are facts now: emit them, with `dispatcher.emit(…)` or `dispatcher.emit_async(…)`"]
pub struct CommittedEvents {
    inner: Arc<DispatcherState>,
    events: PendingEvents,
}

impl Payload for CommittedEvents {
    fn info(&self) -> &'static EventInfo {
        self.events.first()
    }

    fn emit_with(mut self, request: Request<'_>) -> Report {
        self.events.take().emit_with(request)
    }

    fn emit_async(mut self, request: Request<'_>) -> impl Future<Output = Report> + Send + use<> {
        let Request {
            state,
            options,
            wait_policy,
        } = request;
        let state = Arc::clone(state);
        // A future that is dropped before it is polled has emitted nothing, and drops `self`.
        async move {
            let request = Request {
                state: &state,
                options,
                wait_policy,
            };
            let events = self.events.take();
            events.emit_async(request).await
        }
    }
}

impl Drop for CommittedEvents {
    fn drop(&mut self) {
        if !self.events.is_empty() {
            forget(&self.inner, self.events.take(), true);
        }
    }
}

impl fmt::Debug for CommittedEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CommittedEvents")
            .field(&self.events)
            .finish()
    }
}

/// How the code that has a unit ended, and what its unit left, whichever is known first.
#[derive(Default)]
struct Ends {
    /// Whether the code returned `Ok`. `None` while it runs.
    is_ok: Option<bool>,
    /// The events of a unit that was dropped while the code ran.
    dropped: Option<PendingEvents>,
}

/// The code that has a unit. A drop before the code has returned is a rollback.
struct Scope<'d> {
    inner: &'d Arc<DispatcherState>,
    ends: Arc<Mutex<Ends>>,
    is_ok: bool,
}

impl<'d> Scope<'d> {
    fn new(inner: &'d Arc<DispatcherState>) -> Self {
        Self {
            inner,
            ends: Arc::default(),
            is_ok: false,
        }
    }

    fn unit(&self) -> UnitOfWork {
        UnitOfWork {
            inner: Arc::clone(self.inner),
            events: PendingEvents::new(),
            ends: Arc::clone(&self.ends),
        }
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.is_ok = Some(self.is_ok);
        let dropped = ends.dropped.take();
        drop(ends);
        if let Some(events) = dropped {
            end_dropped(self.inner, events, self.is_ok);
        }
    }
}

/// Ends the events of a unit that was dropped by code that returned `Ok`, or did not.
#[cold]
fn end_dropped(inner: &DispatcherState, events: PendingEvents, is_ok: bool) {
    if is_ok {
        forget(inner, events, false);
    } else {
        roll_back(inner, events, "a unit of work");
    }
}

/// Drops and counts the events of what was rolled back.
#[cold]
pub(super) fn roll_back(inner: &DispatcherState, events: PendingEvents, what: &str) {
    inner
        .rolled_back
        .fetch_add(events.len() as u64, Ordering::Relaxed);
    log::rolled_back(inner.name().map(|name| &**name), what, events.len());
    events.discard();
}

/// Reports events that nobody emits, though their transaction may be committed.
#[cold]
fn forget(inner: &DispatcherState, events: PendingEvents, is_committed: bool) {
    let forgotten = events.len();
    inner
        .forgotten
        .fetch_add(forgotten as u64, Ordering::Relaxed);
    let cause = Cause::Forgotten {
        events: forgotten,
        is_committed,
    };
    let mut failure = Failure::new(events.first(), None, cause).in_dispatcher(inner.name());
    if let Some(first) = events.events.first() {
        let lineage = Lineage::here(inner);
        let snapshot = inner.snapshot(first.event.as_any_event(), &lineage);
        failure = failure.of(snapshot, lineage.scope());
    }
    failure_log::failure(inner, &failure, &Trace::NONE, &Trace::NONE);
    inner.notify_failure(&failure);
    panics::drop_caught(failure);
    events.discard();
}
