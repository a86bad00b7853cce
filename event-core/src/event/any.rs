//! The object form of an event, which catch-all handlers and observers see.

use std::any::Any;
use std::fmt;

use crate::event::Event;
use crate::event::info::EventInfo;
#[cfg(feature = "serde")]
use crate::event::json::write::{Attributes, WriteFailure, Written};

/// Any event, as an object, which catch-all handlers and observers receive.
///
/// Its methods are on `dyn AnyEvent`, so that they never appear on your own types. `Debug`
/// writes the event with its redacted fields masked.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{AnyEvent, Event};
///
/// #[derive(Event)]
/// #[event(name = "shop.order_placed")]
/// struct OrderPlaced { order_id: u64 }
///
/// fn describe(event: &dyn AnyEvent) -> String {
///     format!("{} v{}: {event:?}", event.name(), event.version())
/// }
///
/// assert_eq!(
///     describe(&OrderPlaced { order_id: 7 }),
///     "shop.order_placed v1: OrderPlaced { order_id: 7 }",
/// );
/// ```
pub trait AnyEvent: Any + Send + Sync + private::Object {}

impl<E: Event> AnyEvent for E {}

impl dyn AnyEvent {
    /// Returns what is known about the event's type.
    #[must_use]
    pub fn info(&self) -> &'static EventInfo {
        self.object_info()
    }

    /// Returns the declared name, or the Rust path of the type if none was declared.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.info().name()
    }

    /// Returns the schema version.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.info().version()
    }

    /// Whether this is an event of type `E`.
    #[must_use]
    pub fn is<E: Event>(&self) -> bool {
        self.downcast_ref::<E>().is_some()
    }

    /// Returns the event as an `E`, if it is one.
    #[must_use]
    pub fn downcast_ref<E: Event>(&self) -> Option<&E> {
        let any: &dyn Any = self;
        any.downcast_ref()
    }

    /// Returns the event as JSON. Everything that `Debug` masks is masked, also in events inside of it.
    ///
    /// For an event with redacted fields the JSON has what serde's derive writes of the other fields, so
    /// a `Serialize` by hand shows none of them. If the redacted field of an event inside of it is not
    /// serialized as it is (a `Serialize` by hand, `serialize_with`), the JSON is
    /// [`MASK`](crate::event::redacted::MASK) alone. The JSON is for showing: a float that is not finite,
    /// which no [envelope](crate::wire) takes, is `null` here.
    ///
    /// # Errors
    ///
    /// [`JsonError::NotWire`] for an event that is not `wire`, [`JsonError::Serialize`] if its
    /// `Serialize` fails.
    #[cfg(feature = "serde")]
    pub fn json(&self) -> Result<serde_json::Value, JsonError> {
        match self.object_json() {
            None => Err(JsonError::NotWire { event: self.name() }),
            Some(Ok(json)) => Ok(json),
            Some(Err(source)) => Err(JsonError::Serialize {
                event: self.name(),
                source,
            }),
        }
    }
}

#[cfg(feature = "serde")]
impl dyn AnyEvent {
    /// Writes an envelope of the event with nothing masked; `None` if it is not `wire`.
    pub(crate) fn write(&self, with: &Attributes<'_>) -> Option<Result<String, WriteFailure>> {
        self.object_write(with)
    }

    /// Serializes the event with nothing masked, for an envelope that is written later; `None` if it is
    /// not `wire`.
    pub(crate) fn data(&self) -> Option<Result<Written, WriteFailure>> {
        self.object_data()
    }
}

impl fmt::Debug for dyn AnyEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.object_fmt(f)
    }
}

/// Why an event has no JSON form.
#[cfg(feature = "serde")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The event never leaves the process.
    #[error("`{event}` has no JSON form; add `#[event(wire)]` and the serde derives to it")]
    NotWire {
        /// The event's name.
        event: &'static str,
    },
    /// The event's own `Serialize` failed.
    #[error("cannot serialize `{event}`")]
    Serialize {
        /// The event's name.
        event: &'static str,
        /// The error of serde.
        source: serde_json::Error,
    },
}

mod private {
    use std::fmt;

    use crate::event::Event;
    use crate::event::info::EventInfo;
    #[cfg(feature = "serde")]
    use crate::event::json::write::{Attributes, WriteFailure, Written};

    /// The methods behind `dyn AnyEvent`, kept off the users' types.
    pub trait Object {
        fn object_info(&self) -> &'static EventInfo;
        fn object_fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
        #[cfg(feature = "serde")]
        fn object_json(&self) -> Option<Result<serde_json::Value, serde_json::Error>>;
        #[cfg(feature = "serde")]
        fn object_write(&self, with: &Attributes<'_>) -> Option<Result<String, WriteFailure>>;
        #[cfg(feature = "serde")]
        fn object_data(&self) -> Option<Result<Written, WriteFailure>>;
    }

    impl<E: Event> Object for E {
        fn object_info(&self) -> &'static EventInfo {
            E::INFO
        }

        fn object_fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.fmt_masked(f)
        }

        #[cfg(feature = "serde")]
        fn object_json(&self) -> Option<Result<serde_json::Value, serde_json::Error>> {
            E::WIRE.map(|form| form.masked(self))
        }

        #[cfg(feature = "serde")]
        fn object_write(&self, with: &Attributes<'_>) -> Option<Result<String, WriteFailure>> {
            E::WIRE.map(|form| form.write(self, with))
        }

        #[cfg(feature = "serde")]
        fn object_data(&self) -> Option<Result<Written, WriteFailure>> {
            E::WIRE.map(|form| form.data(self))
        }
    }
}
