//! Events: the trait, the description of a type, and the object form.

pub(crate) mod any;
pub(crate) mod cardinality;
pub(crate) mod fields;
pub(crate) mod info;
#[cfg(feature = "serde")]
pub(crate) mod json;
pub(crate) mod masking;
pub(crate) mod redacted;
#[cfg(feature = "schemars")]
pub(crate) mod schema;
pub(crate) mod slot;
pub(crate) mod version;

use std::any::Any;
use std::fmt;

#[cfg(feature = "serde")]
use crate::event::json::form::WireForm;
use crate::event::slot::EventSlot;

pub use crate::event::any::AnyEvent;
#[cfg(feature = "serde")]
pub use crate::event::any::JsonError;
pub use crate::event::cardinality::Cardinality;
pub use crate::event::fields::{FieldInfo, VariantInfo};
pub use crate::event::info::EventInfo;
pub use crate::event::redacted::{MASK, Redacted};
#[cfg(feature = "schemars")]
pub use crate::event::schema::{EventSchema, Tagging};
pub use crate::event::version::{Previous, Superseding, Upcast};

/// A fact: something that happened, named in the past tense.
///
/// Derive it. A hand-written implementation needs [`INFO`](Event::INFO),
/// [`fmt_masked`](Event::fmt_masked) and, to be returned from handlers, an
/// [`Outcome`](crate::handler::Outcome). The derive also registers the type with the program; a build
/// knows a hand-written event by its handlers alone, so it checks the name and the number of handlers
/// only if the event has a handler.
///
/// An event is emitted by value and handed to every handler by shared reference. It needs neither `Clone`
/// nor a `Debug` of its own; it owns its data (no lifetime parameters).
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{AnyEvent, Event};
///
/// #[derive(Event)]
/// #[event(name = "shop.order_placed", key = order_id)]
/// struct OrderPlaced {
///     order_id: u64,
///     #[event(redact)]
///     email: String,
/// }
///
/// assert_eq!(OrderPlaced::INFO.name(), "shop.order_placed");
/// let event = OrderPlaced { order_id: 7, email: "ada@example.org".to_owned() };
/// assert_eq!(
///     format!("{:?}", &event as &dyn AnyEvent),
///     r#"OrderPlaced { order_id: 7, email: [redacted] }"#,
/// );
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "add `#[derive(Event)]` above the definition of the type; `emit` takes the event \
            itself, no reference; a handler takes its event first, before its dependencies"
)]
pub trait Event: Any + Send + Sync + Sized {
    /// How the event is emitted: [`Now`], by a dispatcher, in this process; [`Durable`], in a transaction;
    /// or [`Superseded`], not any more.
    type Durability: Durability;

    /// The description of the type, readable without a value of it.
    const INFO: &'static EventInfo;

    /// The functions that write the event as JSON and read it; `None` unless it is `wire`.
    #[cfg(feature = "serde")]
    #[doc(hidden)]
    const WIRE: Option<WireForm<Self>> = None;

    /// The dense index of a type that is not generic; generic events go through a map.
    #[doc(hidden)]
    #[must_use]
    fn slot() -> Option<&'static EventSlot> {
        None
    }

    /// Returns the lane of the event's `key`: deliveries of one lane are made in order.
    #[doc(hidden)]
    fn lane(&self) -> Option<u64> {
        None
    }

    /// Writes the event as logs, failures and tests show it, with redacted fields masked.
    ///
    /// # Errors
    ///
    /// Returns the error of the formatter.
    fn fmt_masked(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// How an event type may be emitted; see [`Event::Durability`].
pub trait Durability: sealed::Sealed {}

/// The event is emitted by a dispatcher, in this process, now.
#[derive(Debug)]
pub enum Now {}

impl Durability for Now {}

/// The event is emitted in a transaction, together with the data that it is about, and stored until its durable
/// handlers have handled it.
#[derive(Debug)]
pub enum Durable {}

impl Durability for Durable {}

/// The event is an older version, which its successor names as `previous`: it is decoded, and neither
/// emitted nor handled.
#[derive(Debug)]
pub enum Superseded {}

impl Durability for Superseded {}

/// An event that a dispatcher may emit at once. Generic code that emits writes `E: Transient`.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Event, Report, Transient};
///
/// fn emit_twice<E: Transient + Clone>(dispatcher: &Dispatcher, event: E) -> Report {
///     dispatcher.emit(event.clone());
///     dispatcher.emit(event)
/// }
///
/// #[derive(Event, Clone)]
/// struct BellRung;
///
/// let dispatcher = Dispatcher::empty().build()?;
/// assert_eq!(emit_twice(&dispatcher, BellRung).done(), 0);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event that can be emitted now",
    label = "not emitted by a dispatcher",
    note = "add `#[derive(Event)]` above the definition of `{Self}`"
)]
pub trait Transient: Event<Durability = Now> {}

impl<E: Event<Durability = Now>> Transient for E {}

/// An event that is emitted in a transaction, and stored until its durable handlers have handled it. Generic
/// code that emits such events writes `E: DurableEvent`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "add `#[derive(Event)]` above the definition of the type, and `#[event(durable)]`"
)]
pub trait DurableEvent: Event {}

// One impl, since rustc would report a type that is no event once for each impl.
impl<E: Event> DurableEvent for E where E::Durability: StoredFor<E> {}

/// Whether an event of this durability is stored for its durable handlers.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{E}` is not durable: it is emitted by a dispatcher, and nothing stores it",
    label = "not a durable event",
    note = "add `durable` to `#[event(…)]` above `{E}`, and emit it in a transaction, with `tx.emit(…)`; a handler \
            of an event that is not durable is written without `durable` and `before_commit`"
)]
pub trait StoredFor<E> {}

impl<E> StoredFor<E> for Durable {}

/// The bound of [`Dispatcher::emit`](crate::Dispatcher::emit): the event's durability allows it.
///
/// Generic code writes [`Transient`] instead.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be emitted by a dispatcher",
    label = "not emitted by a dispatcher",
    note = "generic code that emits takes `E: Transient`"
)]
#[doc(hidden)]
pub trait EmitsNow<D> {}

// One impl, since rustc would report a type that is no event once for each impl.
impl<E: Event> EmitsNow<E::Durability> for E where E::Durability: Emitted<E> {}

/// The bound of an event that is handled or [subscribed](crate::Dispatcher::subscribe) to: one that is
/// not [`Superseded`], since a superseded event is never delivered.
///
/// Generic code writes [`Transient`] instead.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "add `#[derive(Event)]` above the definition of the type; a handler takes its event \
            first, before its dependencies"
)]
#[doc(hidden)]
pub trait Handled: Event {}

impl<E: Event> Handled for E where E::Durability: Delivered<E> {}

/// Whether an event of this durability is delivered to handlers.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{E}` may be superseded, and then it is neither emitted nor handled",
    label = "not known to be the newest version of an event",
    note = "generic code that emits or subscribes takes `E: Transient`"
)]
pub trait Delivered<E> {}

impl<E> Delivered<E> for Now {}

impl<E> Delivered<E> for Durable {}

impl<E> Delivered<E> for Superseded where Superseded: Newest<E> {}

/// How an event of this durability is emitted.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{E}` may be superseded, and then it is neither emitted nor handled",
    label = "not known to be the newest version of an event",
    note = "generic code that emits or subscribes takes `E: Transient`"
)]
pub trait Emitted<E> {}

impl<E> Emitted<E> for Now {}

impl<E> Emitted<E> for Durable where Durable: EmittedWithoutTransaction<E> {}

impl<E> Emitted<E> for Superseded where Superseded: Newest<E> {}

/// No durable event implements this; it exists for its message.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{E}` is durable: it is emitted in the transaction that makes it true, and not by a dispatcher",
    label = "a durable event",
    note = "write `tx.emit({E} {{ … }})`, with `let mut tx = outbox.begin().await?`, or \
            `outbox.emit(…).await?` for a transaction of its own"
)]
pub trait EmittedWithoutTransaction<E> {}

/// No superseded event implements this; it exists for its message. `By` is the event whose handler
/// returns it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{E}` is superseded: it is decoded, and neither emitted nor handled",
    label = "an older version of an event",
    note = "use the newest version: the event that says `previous = {E}`, or the one that leads back \
            to it; whatever is decoded becomes that one"
)]
pub trait Newest<E, By = ()> {}

/// An event whose inline handlers may stop the emission by returning
/// [`ControlFlow::Break`](std::ops::ControlFlow::Break).
#[diagnostic::on_unimplemented(
    message = "a handler of `{Self}` cannot return `ControlFlow`: the event is not stoppable",
    label = "`ControlFlow` needs a stoppable event",
    note = "add `#[event(stoppable)]` to `{Self}`, or return `()`"
)]
pub trait Stoppable: Event {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::event::Durable {}
    impl Sealed for crate::event::Now {}
    impl Sealed for crate::event::Superseded {}
}
