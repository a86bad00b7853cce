//! The optional dispatcher of the process, and its replacement in tests.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::dispatcher::Dispatcher;
use crate::dispatcher::payload::Payload;
use crate::error::{EmitError, SetDefaultError};
use crate::panics::DropCaught;
use crate::report::Report;

static DEFAULT: OnceLock<Dispatcher> = OnceLock::new();

thread_local! {
    /// Drops are caught, for a thread that ends before its guards are dropped.
    static ENTERED: RefCell<Vec<(u64, DropCaught<Dispatcher>)>> = const { RefCell::new(Vec::new()) };
}

/// The number of the last guard; each guard has its own.
static LAST_GUARD: AtomicU64 = AtomicU64::new(0);

/// Emits through the dispatcher that this thread or future has [entered](enter), or else through the
/// [default](set_default) of the process.
///
/// # Errors
///
/// [`EmitError::NoDefault`] if there is neither, so that a missing dispatcher is not taken for an event
/// without handlers.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{error::EmitError, global, Dispatcher, Event};
///
/// #[derive(Event)]
/// struct BellRung;
///
/// assert!(matches!(global::emit(BellRung), Err(EmitError::NoDefault)));
///
/// let dispatcher = Dispatcher::empty().build()?;
/// let entered = global::enter(&dispatcher);
/// assert!(global::emit(BellRung).is_ok());
/// # drop(entered);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[must_use = "an error means that the event was not emitted: there is no default dispatcher"]
#[track_caller]
pub fn emit<P: Payload>(payload: P) -> Result<Report, EmitError> {
    // A thread that ends may have dropped the list; no dispatcher is entered then.
    let entered =
        ENTERED.try_with(|all| all.borrow().last().map(|(_, last)| Dispatcher::clone(last)));
    let entered = entered.ok().flatten().map(DropCaught::new);
    match entered.as_deref().or_else(|| DEFAULT.get()) {
        Some(dispatcher) => Ok(dispatcher.emit(payload)),
        None => Err(EmitError::NoDefault),
    }
}

/// Makes a dispatcher the default of the whole process.
///
/// # Errors
///
/// There is a default already.
pub fn set_default(dispatcher: &Dispatcher) -> Result<(), SetDefaultError> {
    DEFAULT
        .set(dispatcher.clone())
        .map_err(|_| SetDefaultError {})
}

/// Makes a dispatcher the default of this thread, until the guard is dropped.
pub fn enter(dispatcher: &Dispatcher) -> EnterGuard {
    EnterGuard::new(dispatcher)
}

/// Makes a dispatcher the default inside of a future, on whatever thread the future is polled.
///
/// # Examples
///
/// ```
/// # use event_core::{global, Dispatcher, Event};
/// #[derive(Event)]
/// struct BellRung;
///
/// let dispatcher = Dispatcher::empty().build()?;
/// let emitted = global::scope(&dispatcher, async { global::emit(BellRung) });
/// assert!(pollster::block_on(emitted).is_ok());
/// assert!(global::emit(BellRung).is_err());
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
pub fn scope<F: Future>(dispatcher: &Dispatcher, future: F) -> WithDispatcher<F> {
    WithDispatcher::new(dispatcher, future)
}

/// A guard: until it is dropped, [`emit`] on this thread uses the dispatcher that made it. If guards are
/// nested, the last one that is not dropped counts.
#[must_use = "dropping the guard leaves the dispatcher at once"]
pub struct EnterGuard {
    guard: u64,
    /// The guard belongs to the thread that made it.
    not_send: PhantomData<*const ()>,
}

impl EnterGuard {
    pub(crate) fn new(dispatcher: &Dispatcher) -> Self {
        let guard = LAST_GUARD.fetch_add(1, Ordering::Relaxed);
        ENTERED.with_borrow_mut(|all| all.push((guard, DropCaught::new(dispatcher.clone()))));
        Self {
            guard,
            not_send: PhantomData,
        }
    }
}

pin_project! {
    /// A future inside of which [`emit`] uses the dispatcher that made it, returned by [`scope`].
    #[must_use = "futures do nothing until they are awaited"]
    pub struct WithDispatcher<F> {
        dispatcher: Dispatcher,
        #[pin]
        future: F,
    }
}

impl<F> WithDispatcher<F> {
    pub(crate) fn new(dispatcher: &Dispatcher, future: F) -> Self {
        Self {
            dispatcher: dispatcher.clone(),
            future,
        }
    }
}

impl<F: Future> Future for WithDispatcher<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = enter(this.dispatcher);
        this.future.poll(context)
    }
}

impl<F> fmt::Debug for WithDispatcher<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithDispatcher").finish_non_exhaustive()
    }
}

impl Drop for EnterGuard {
    fn drop(&mut self) {
        let left = ENTERED.try_with(|all| {
            let mut all = all.borrow_mut();
            let at = all.iter().position(|(guard, _)| *guard == self.guard);
            at.map(|at| all.remove(at))
        });
        // Dropped outside of the borrow, since the guard may be the last owner of the dispatcher.
        drop(left.ok().flatten().map(|(_, left)| left.into_inner()));
    }
}

impl fmt::Debug for EnterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnterGuard").finish_non_exhaustive()
    }
}
