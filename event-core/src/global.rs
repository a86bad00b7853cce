//! The dispatcher of the process, for those who want one, and its replacement in tests.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::OnceLock;

use crate::dispatcher::Dispatcher;
use crate::error::{EmitError, InstallError};
use crate::event::{EmitsNow, Event};
use crate::report::Report;

static INSTALLED: OnceLock<Dispatcher> = OnceLock::new();

thread_local! {
    static ENTERED: RefCell<Vec<Dispatcher>> = const { RefCell::new(Vec::new()) };
}

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
    let entered = ENTERED.with_borrow(|entered| entered.last().cloned());
    match entered.as_ref().or_else(|| INSTALLED.get()) {
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
/// that made it. Guards may be nested, and end in the reverse order.
#[must_use = "dropping the guard leaves the dispatcher at once"]
pub struct Entered {
    depth: usize,
    /// It belongs to the thread that made it.
    not_send: PhantomData<*const ()>,
}

impl Entered {
    pub(crate) fn new(dispatcher: &Dispatcher) -> Self {
        let depth = ENTERED.with_borrow_mut(|entered| {
            entered.push(dispatcher.clone());
            entered.len()
        });
        Self {
            depth,
            not_send: PhantomData,
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // A guard that outlives one made before it finds the list shorter already.
        let left = ENTERED.with_borrow_mut(|entered| {
            let keep = self.depth.saturating_sub(1).min(entered.len());
            entered.split_off(keep)
        });
        // Outside of the borrow: it may be the last owner of the dispatcher.
        drop(left);
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}
