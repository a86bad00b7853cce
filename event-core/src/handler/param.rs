//! The parameters of handlers: dependencies by reference, and values that are made for each delivery.

use crate::box_error::BoxError;
use crate::engine::emission::delivery::Delivery;
use crate::handler::outcome::Events;
pub(crate) use crate::handler::resolver::Resolver;

/// A by-value parameter of a handler: made anew for each delivery, from a state that is resolved once,
/// while the dispatcher is built.
///
/// # Examples
///
/// ```standalone_crate
/// use std::convert::Infallible;
/// use event_core::param::{Delivery, Param, Resolver};
/// use event_core::{Dispatcher, Event, handler};
///
/// /// How many causes lie between the first event and this one.
/// struct Depth(u32);
///
/// impl Param for Depth {
///     type State = ();
///     type Rejection = Infallible;
///
///     fn resolve(_: &mut Resolver<'_>) -> Option<()> {
///         Some(())
///     }
///
///     fn param((): &(), delivery: &Delivery<'_>) -> Result<Self, Infallible> {
///         Ok(Depth(delivery.depth()))
///     }
/// }
///
/// #[derive(Event)]
/// struct BellRung;
///
/// #[handler]
/// fn open_door(_event: &BellRung, depth: Depth) {
///     assert_eq!(depth.0, 0);
/// }
///
/// let report = Dispatcher::builder().only(open_door).build()?.emit(BellRung);
/// assert_eq!(report.done(), 1);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler cannot take `{Self}` by value",
    label = "neither a dependency nor a parameter made per delivery",
    note = "take a dependency by reference, `&{Self}`, and give it to the builder with \
            `.provide(value)`"
)]
pub trait Param: Sized + 'static {
    /// The state that is resolved once and shared by all deliveries.
    type State: Send + Sync + 'static;

    /// Why a delivery can be refused; the delivery then ends as failed. A parameter that never refuses
    /// uses [`Infallible`](std::convert::Infallible).
    type Rejection: Into<BoxError>;

    /// Whether the parameter lets its handler cause events.
    #[doc(hidden)]
    const EMITS: bool = false;

    /// Adds the events that the parameter lets its handler cause.
    #[doc(hidden)]
    fn events(events: &mut Events) {
        let _ = events;
    }

    /// Resolves the state. `None` means that something is missing, which `resolver` has noted.
    fn resolve(resolver: &mut Resolver<'_>) -> Option<Self::State>;

    /// Makes the argument of one delivery.
    ///
    /// # Errors
    ///
    /// The delivery is refused: the handler is not called and the delivery ends as failed.
    fn param(state: &Self::State, delivery: &Delivery<'_>) -> Result<Self, Self::Rejection>;
}

/// The bound of a type that a handler takes by reference: any type that threads can share. It is
/// implemented for all of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a handler's dependency",
    label = "not `Send + Sync`, and handlers run on any thread",
    note = "put a `Mutex` or an atomic inside instead of a `Cell`, `RefCell` or `Rc`; of a trait, \
            write `trait YourTrait: Send + Sync`"
)]
pub trait Dependency: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + Send + Sync + 'static> Dependency for T {}
