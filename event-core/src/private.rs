//! The items that generated code names. Re-exported as `__private`.

pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{self, Err, Ok};

pub use inventory;

pub use crate::build::registry::{EventEntry, HandlerEntry, OptInModule};
pub use crate::dispatcher::outbox::Outbox;
pub use crate::engine::plan::bound::NotRun;
pub use crate::event::slot::EventSlot;
pub use crate::handler::bind::{Binder, BoundParam, filter};
pub use crate::handler::bind_catch_all::CatchAllBinder;
pub use crate::handler::outcome::Events;
pub use crate::handler::reborrow::{reborrowed, same};
pub use crate::handler::registered::{
    Registered, catch_all_handler, deferred_handler, durable_handler, event_handler,
};
pub use crate::handler::retry::{Fallible, is_retried, retry_when};
pub use crate::handler_info::spec::{FunctionId, HandlerSpec};
pub use crate::nesting::session::Session;
pub use crate::queue::AnyQueue;
pub use crate::retry::RetryPolicy;
pub use crate::scheduler::{Scheduler, with_scheduler};

#[cfg(feature = "serde")]
pub use crate::wire::transactional::delivery::{
    Attempt, SessionDelivery, TransactionalDelivery, Verdict,
};
#[cfg(feature = "serde")]
pub use crate::wire::transactional::event::{
    HandlerOf, TransactionalEvent, WrittenEvent, durable_handlers, is_open, spawn_on,
};

#[cfg(feature = "serde")]
pub use serde;

#[cfg(feature = "serde")]
pub use crate::event::json::form::{KeyWriter, WireForm};

use std::any::TypeId;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::LazyLock;

use foldhash::quality::RandomState;

use crate::event::Event;
use crate::event::info::EventInfo;
use crate::event::masking::Masked;
#[cfg(feature = "schemars")]
use crate::event::schema::EventSchema;
use crate::event::version::{Previous, Superseding, Upcast};
use crate::queue::{LendsMut, Retries, ServesAsync};

/// Returns the queue of a handler.
pub fn queue(queue: &'static impl AnyQueue) -> &'static dyn AnyQueue {
    queue
}

/// Returns the queue of an `async` handler.
pub fn async_queue(queue: &'static impl ServesAsync) -> &'static dyn AnyQueue {
    queue
}

/// Returns the queue of a handler whose deliveries are tried again.
pub fn retrying_queue(queue: &'static impl Retries) -> &'static dyn AnyQueue {
    queue
}

/// Returns the queue of a handler that is lent an `S`.
pub fn lending_queue<S, Q: LendsMut<S>>(queue: &'static Q) -> &'static dyn AnyQueue {
    queue
}

/// The bound of an event's `key`; it exists for its message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an event's key",
    label = "a key is hashed: events of one key are handled in order",
    note = "add `#[derive(Hash)]` to `{Self}`, or the bound `Hash` if it is a type parameter, or \
            choose another field"
)]
pub trait LaneKey: Hash {}

#[diagnostic::do_not_recommend]
impl<T: Hash + ?Sized> LaneKey for T {}

/// Returns the lane of a key: equal values of one type have the same lane in this process. Two keys that
/// collide share a lane, which keeps their order and only makes them run one after the other.
pub fn lane<K: LaneKey + ?Sized + 'static>(key: &K) -> u64 {
    // Random, so that no input can be made whose keys share one lane.
    static LANES: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    LANES.hash_one((TypeId::of::<K>(), key))
}

/// Returns the placeholder of a redacted field for the formatter.
pub fn masked<T>(field: &T) -> Masked {
    Masked::new(field)
}

/// Returns the placeholder of a redacted field of a packed struct.
#[must_use]
pub const fn hidden() -> Masked {
    Masked::hidden()
}

/// Writes a mask instead of a redacted field.
///
/// # Errors
///
/// Returns the error of the serializer.
#[cfg(feature = "serde")]
pub fn mask<T: ?Sized, S: serde::Serializer>(field: &T, serializer: S) -> Result<S::Ok, S::Error> {
    crate::event::masking::is_redacted(field);
    serializer.serialize_str(crate::event::redacted::MASK)
}

/// Replaces the code that serde's derive writes, and precedes this trait, so that a mistake in serde's
/// attributes is reported by serde alone.
#[cfg(feature = "serde")]
pub trait Unwritten {
    /// Fails.
    ///
    /// # Errors
    ///
    /// Always.
    fn serialize<E, S: serde::Serializer>(_: &E, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("serde's derive failed"))
    }
}

/// Whether a type is an event with redacted fields. The constant of an event is found first, and that of
/// [`NoEvent`] for any other type.
#[cfg(feature = "serde")]
#[derive(Debug)]
pub struct Probe<T: ?Sized>(std::marker::PhantomData<T>);

#[cfg(feature = "serde")]
impl<E: Event> Probe<E> {
    /// Whether the event has redacted fields.
    pub const HAS_REDACTED: bool = E::INFO.has_redacted();
}

/// The fallback of [`Probe`] for a type that is no event.
#[cfg(feature = "serde")]
pub trait NoEvent {
    /// A type that is no event has no redacted fields.
    const HAS_REDACTED: bool = false;
}

#[cfg(feature = "serde")]
impl<T: ?Sized> NoEvent for Probe<T> {}

/// The bound of the key of a `wire` event; it exists for its message.
#[cfg(feature = "serde")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a `wire` event",
    label = "envelopes carry the key's value",
    note = "add `#[derive(serde::Serialize)]` to `{Self}`, or choose another field"
)]
pub trait WireKey: serde::Serialize {}

#[cfg(feature = "serde")]
#[diagnostic::do_not_recommend]
impl<T: serde::Serialize + ?Sized> WireKey for T {}

/// Writes the value of a key.
///
/// # Errors
///
/// Returns the error of the key's `Serialize`.
#[cfg(feature = "serde")]
pub fn write_key<K: WireKey + ?Sized>(
    key: &K,
    json: &mut KeyWriter,
) -> Result<(), serde_json::Error> {
    key.serialize(json)
}

/// The bound of a field that logs show; it exists for its message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be shown in logs and failures",
    label = "a field that is shown needs `Debug`",
    note = "add `#[derive(Debug)]` to `{Self}`, or mark the field `#[event(redact)]`"
)]
pub trait Shown: fmt::Debug {}

#[diagnostic::do_not_recommend]
impl<T: fmt::Debug + ?Sized> Shown for T {}

/// Returns a field for the formatter.
pub const fn shown<T: Shown>(field: &T) -> &dyn Shown {
    field
}

/// The bound of a field of a packed event; it exists for its message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` in an event that is `#[repr(packed)]` is not `Copy`",
    label = "cannot be borrowed in a packed event, nor copied out of it",
    note = "remove `packed` from the event; or give the packed struct to an event that is not, as its field"
)]
pub trait Packed: Copy {}

#[diagnostic::do_not_recommend]
impl<T: Copy> Packed for T {}

/// Copies a field that cannot be borrowed.
pub const fn unpacked<T: Packed>(field: T) -> T {
    field
}

/// The bound of a `wire` event; it exists for its message.
#[cfg(feature = "serde")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a `wire` event without serde's derives",
    label = "`wire` needs `Serialize` and `Deserialize`",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to `{Self}`"
)]
pub trait Wire: serde::Serialize + serde::de::DeserializeOwned {}

#[cfg(feature = "serde")]
#[diagnostic::do_not_recommend]
impl<T: serde::Serialize + serde::de::DeserializeOwned> Wire for T {}

/// Returns the functions that write and read a `wire` event as JSON.
#[cfg(feature = "serde")]
#[must_use]
pub const fn wire_form<T: Wire>() -> WireForm<T> {
    WireForm::new()
}

/// The bound of an event with a schema; it exists for its message.
#[cfg(feature = "schemars")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no JSON Schema",
    label = "`schema` needs `JsonSchema`",
    note = "add `#[derive(schemars::JsonSchema)]` to `{Self}`"
)]
pub trait HasSchema: schemars::JsonSchema {}

#[cfg(feature = "schemars")]
#[diagnostic::do_not_recommend]
impl<T: schemars::JsonSchema> HasSchema for T {}

/// Returns the JSON Schema of an event.
#[cfg(feature = "schemars")]
#[must_use]
pub const fn json_schema<T: HasSchema>() -> EventSchema {
    EventSchema::of::<T>()
}

/// Returns the version before `E`, and its upcast to `E`.
#[must_use]
pub const fn previous<E, P>() -> Previous
where
    E: Upcast<P>,
    P: Event + Superseding<P::Durability>,
{
    Previous::of::<E, P>()
}

/// Whether the number of the previous version is one less than that of this one.
#[must_use]
pub const fn follows(event: &EventInfo) -> bool {
    match event.previous() {
        None => true,
        Some(previous) => previous.version() == event.version() - 1,
    }
}

/// Whether the previous version has this one's name, or one of its aliases.
#[must_use]
pub const fn has_its_name(event: &EventInfo) -> bool {
    let Some(previous) = event.previous() else {
        return true;
    };
    let (Some(ours), Some(theirs)) = (event.declared_name(), previous.declared_name()) else {
        return false;
    };
    let mut found = is_same(ours, theirs);
    let mut index = 0;
    while index < event.aliases().len() {
        found = found || is_same(event.aliases()[index], theirs);
        index += 1;
    }
    found
}

const fn is_same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut index = 0;
    while index < left.len() && index < right.len() && left[index] == right[index] {
        index += 1;
    }
    index == left.len() && index == right.len()
}

/// Makes the [`HandlerSpec`] of a handler, with every key at its default. Its place is that of the token
/// that names the macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __event_spec {
    () => {
        $crate::__private::HandlerSpec::new(
            ::core::file!(),
            ::core::line!(),
            ::core::module_path!(),
            ::core::option_env!("CARGO_PKG_NAME"),
            ::core::option_env!("CARGO_PKG_VERSION"),
            ::core::option_env!("CARGO_BIN_NAME"),
        )
    };
}

/// Makes the [`EventInfo`] of `Self`, with every key at its default, inside its `impl Event`. Its place
/// is that of the token that names the macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __event_info {
    () => {
        $crate::event::EventInfo::new::<Self>(
            ::core::file!(),
            ::core::line!(),
            ::core::module_path!(),
        )
    };
}

/// Declares the JSON form of a `wire` event, inside its `impl Event`.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __event_wire_json {
    ($($form:tt)*) => {
        const WIRE: $crate::__private::Option<$crate::__private::WireForm<Self>> =
            $crate::__private::Some($($form)*);
    };
}

#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __event_wire_json {
    ($($form:tt)*) => {
        ::core::compile_error!(
            "`wire` needs the feature `serde` of `event-core`\n\
             help: in Cargo.toml: event-core = { version = \"0.1\", features = [\"serde\"] }"
        );
    };
}

/// Adds the JSON Schema to the description of an event.
#[cfg(feature = "schemars")]
#[doc(hidden)]
#[macro_export]
macro_rules! __event_with_schema {
    ($schema:expr, $info:expr) => {
        $info.with_schema($schema)
    };
}

#[cfg(not(feature = "schemars"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __event_with_schema {
    ($schema:expr, $info:expr) => {
        ::core::compile_error!(
            "`schema` needs the feature `schemars` of `event-core`\n\
             help: in Cargo.toml: event-core = { version = \"0.1\", features = [\"schemars\"] }"
        )
    };
}

pub use crate::__event_info as info;
pub use crate::__event_spec as spec;
pub use crate::__event_wire_json as wire_json;
pub use crate::__event_with_schema as with_schema;
