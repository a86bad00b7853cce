//! The dispatcher of the process, for those who want one, and its replacement in tests.

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
use crate::error::{EmitError, InstallError};
use crate::event::{EmitsNow, Event};
use crate::panics::DropCaught;
use crate::report::Report;

static INSTALLED: OnceLock<Dispatcher> = OnceLock::new();

thread_local! {
    /// Isolated, for a thread that ends before its guards do.
    static ENTERED: RefCell<Vec<(u64, DropCaught<Dispatcher>)>> = const { RefCell::new(Vec::new()) };
}

/// Tells guards apart.
static LAST_GUARD: AtomicU64 = AtomicU64::new(0);

/// Emits through the dispatcher that this thread has [entered](Dispatcher::enter), else
/// through the one that was [installed](Dispatcher::install).
///
/// # Errors
///
/// [`EmitError::NotInstalled`] if there is neither: a missing dispatcher never looks like
/// "nobody listens".
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Event, error::EmitError};
///
/// #[derive(Event)]
/// struct BellRung;
///
/// assert!(matches!(event_core::emit(BellRung), Err(EmitError::NotInstalled)));
///
/// let dispatcher = Dispatcher::empty().build()?;
/// let entered = dispatcher.enter();
/// assert!(event_core::emit(BellRung).is_ok());
/// # drop(entered);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[must_use = "an error means that nobody was told: no dispatcher is installed"]
pub fn emit<E>(event: E) -> Result<Report, EmitError>
where
    E: Event + EmitsNow<E::Durability>,
{
    // A thread that ends has left every dispatcher.
    let entered =
        ENTERED.try_with(|all| all.borrow().last().map(|(_, last)| Dispatcher::clone(last)));
    let entered = entered.ok().flatten().map(DropCaught::new);
    match entered.as_deref().or_else(|| INSTALLED.get()) {
        Some(dispatcher) => Ok(dispatcher.emit(event)),
        None => Err(EmitError::NotInstalled),
    }
}

pub(crate) fn install(dispatcher: &Dispatcher) -> Result<(), InstallError> {
    INSTALLED
        .set(dispatcher.clone())
        .map_err(|_| InstallError::new())
}

/// A guard: until it is dropped, [`emit`](crate::emit) on this thread uses the dispatcher
/// that made it. Guards may be nested: the last one that still lives counts.
#[must_use = "dropping the guard leaves the dispatcher at once"]
pub struct Entered {
    guard: u64,
    /// It belongs to the thread that made it.
    not_send: PhantomData<*const ()>,
}

impl Entered {
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
    /// A future inside of which [`emit`](crate::emit) uses the dispatcher that made it: from
    /// [`Dispatcher::in_scope`].
    #[must_use = "futures do nothing until they are awaited"]
    pub struct InScope<F> {
        dispatcher: Dispatcher,
        #[pin]
        future: F,
    }
}

impl<F> InScope<F> {
    pub(crate) fn new(dispatcher: &Dispatcher, future: F) -> Self {
        Self {
            dispatcher: dispatcher.clone(),
            future,
        }
    }
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.dispatcher.enter();
        this.future.poll(context)
    }
}

impl<F> fmt::Debug for InScope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InScope").finish_non_exhaustive()
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let left = ENTERED.try_with(|all| {
            let mut all = all.borrow_mut();
            let at = all.iter().position(|(guard, _)| *guard == self.guard);
            at.map(|at| all.remove(at))
        });
        // Outside of the borrow: it may be the last owner of the dispatcher.
        drop(left.ok().flatten().map(|(_, left)| left.into_inner()));
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}
