//! A reference to a dispatcher that does not keep it alive, and that can be made before it.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use crate::dispatcher::Dispatcher;
use crate::dispatcher::payload::Payload;
use crate::engine::emission::delivery::Delivery;
use crate::engine::owner::DispatcherOwner;
use crate::engine::state::DispatcherState;
use crate::error::EmitError;
use crate::handler::param::{Param, Resolver};
use crate::panics::DropCaught;
use crate::report::Report;

/// A weak reference to a dispatcher, for services that are built before the dispatcher and provided to
/// it, and for handlers that emit after their delivery.
///
/// Returned by [`DispatcherBuilder::handle`](crate::dispatcher::builder::DispatcherBuilder::handle) and
/// [`Dispatcher::handle`]. A handler takes the handle of its own dispatcher by value, and nothing is provided
/// for it; `&DispatcherHandle` is a handle that was provided, of this dispatcher or of another.
///
/// # Examples
///
/// A handler that emits later. What it causes at once is returned, or emitted by an
/// [`Emitter`](crate::Emitter):
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Event, dispatcher::DispatcherHandle, handler};
///
/// #[derive(Event)]
/// struct OrderPlaced;
/// #[derive(Event)]
/// struct ReminderDue;
///
/// #[handler]
/// fn remind(_event: &OrderPlaced, dispatcher: DispatcherHandle) {
///     std::thread::spawn(move || {
///         // A day later, if the dispatcher is still alive:
///         let _ = dispatcher.emit(ReminderDue);
///     });
/// }
///
/// let dispatcher = Dispatcher::builder().build()?;
/// assert_eq!(dispatcher.emit(OrderPlaced).done(), 1);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
///
/// A service that is provided to the dispatcher it emits with:
///
/// ```standalone_crate
/// use event_core::{dispatcher::DispatcherHandle, error::EmitError, Dispatcher, Event};
///
/// #[derive(Event)]
/// struct OrderPlaced;
///
/// struct Orders { events: DispatcherHandle }
///
/// let builder = Dispatcher::empty();
/// let orders = Orders { events: builder.handle() };
/// assert!(matches!(orders.events.emit(OrderPlaced), Err(EmitError::TooEarly)));
///
/// let dispatcher = builder.build()?;
/// assert!(orders.events.emit(OrderPlaced).is_ok());
///
/// drop(dispatcher);
/// assert!(matches!(orders.events.emit(OrderPlaced), Err(EmitError::Gone)));
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[derive(Clone)]
pub struct DispatcherHandle {
    state: State,
}

#[derive(Clone)]
enum State {
    Built(Weak<DispatcherState>),
    /// Empty until the build; a dangling reference if the build fails.
    Awaited(Arc<OnceLock<Weak<DispatcherState>>>),
}

impl DispatcherHandle {
    pub(crate) fn of(inner: Weak<DispatcherState>) -> Self {
        Self {
            state: State::Built(inner),
        }
    }

    pub(crate) fn awaiting(built: Arc<OnceLock<Weak<DispatcherState>>>) -> Self {
        Self {
            state: State::Awaited(built),
        }
    }

    /// Returns the dispatcher, if it is alive.
    ///
    /// # Errors
    ///
    /// [`EmitError::TooEarly`] before the build, [`EmitError::Gone`] after the last clone of
    /// the dispatcher was dropped or if its build failed.
    pub fn get(&self) -> Result<Dispatcher, EmitError> {
        let inner = match &self.state {
            State::Built(inner) => inner,
            State::Awaited(built) => built.get().ok_or(EmitError::TooEarly)?,
        };
        let owner = DispatcherOwner::of(inner).ok_or(EmitError::Gone)?;
        Ok(Dispatcher::of(owner))
    }

    /// Emits an event, or another payload; see [`Dispatcher::emit`].
    ///
    /// # Errors
    ///
    /// The errors of [`get`](Self::get).
    #[track_caller]
    pub fn emit<P: Payload>(&self, payload: P) -> Result<Report, EmitError> {
        let dispatcher = DropCaught::new(self.get()?);
        Ok(dispatcher.emit(payload))
    }
}

impl Param for DispatcherHandle {
    type State = ();
    type Rejection = Infallible;

    fn resolve(_: &mut Resolver<'_>) -> Option<()> {
        Some(())
    }

    fn param((): &(), delivery: &Delivery<'_>) -> Result<Self, Infallible> {
        Ok(Self::of(delivery.emission().inner().weak()))
    }
}

impl fmt::Debug for DispatcherHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DispatcherHandle").finish_non_exhaustive()
    }
}
