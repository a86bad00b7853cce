//! What generated code names, and nothing else. Re-exported as `__private`.

pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{self, Err, Ok};

pub use inventory;

pub use crate::handler::Events;
pub use crate::handler::binder::{Binder, CatchAllBinder, NotRun, Slot, filter};
pub use crate::handler::reborrowed::{reborrowed, same};
pub use crate::handler::registered::{Named, Registered, Spec, catch_all_handler, event_handler};
pub use crate::queue::AnyQueue;
pub use crate::registry::{EventEntry, EventSlot, HandlerEntry};

#[cfg(feature = "serde")]
pub use crate::wire::form::WireForm;

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::event::{Event, EventInfo, Previous, Superseding, Upcast};
use crate::queue::{Lends, ServesAsync};

/// The queue of a handler.
pub fn queue(queue: &'static impl AnyQueue) -> &'static dyn AnyQueue {
    queue
}

/// The queue of an `async` handler.
pub fn async_queue(queue: &'static impl ServesAsync) -> &'static dyn AnyQueue {
    queue
}

/// The queue of a handler that is lent an `S`.
pub fn lending_queue<S, Q: Lends<S>>(queue: &'static Q) -> &'static dyn AnyQueue {
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

/// The lane of a key: the same for the same value of the same type. Two keys that collide share a
/// lane, which keeps their order and costs them only that they run one after the other.
pub fn lane<K: LaneKey + ?Sized + 'static>(key: &K) -> u64 {
    let mut hasher = DefaultHasher::new();
    std::any::TypeId::of::<K>().hash(&mut hasher);
    key.hash(&mut hasher);
    hasher.finish()
}

/// Stands in the place of a redacted field.
#[derive(Clone, Copy)]
pub struct Masked;

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::event::MASK)
    }
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

/// A field as the formatter takes it.
pub const fn shown<T: Shown>(field: &T) -> &dyn Shown {
    field
}

/// The bound of a field of an event that is packed; it exists for its message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` in an event that is `#[repr(packed)]` is not `Copy`",
    label = "cannot be borrowed in a packed event, nor copied out of it",
    note = "remove `packed` from the event; or give the packed struct to an event that is not, as its field"
)]
pub trait Packed: Copy {}

#[diagnostic::do_not_recommend]
impl<T: Copy> Packed for T {}

/// A copy of a field that cannot be borrowed.
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

/// How a `wire` event is written as JSON and read, with its redacted fields as JSON pointers.
#[cfg(feature = "serde")]
#[must_use]
pub const fn wire_form<T: Wire>(redacted: &'static [&'static str]) -> WireForm<T> {
    WireForm::new(redacted)
}

/// The version before `E`, and how it becomes an `E`.
#[must_use]
pub const fn previous<E, P>() -> Previous
where
    E: Upcast<P>,
    P: Event + Superseding<P::Durability>,
{
    Previous::of::<E, P>()
}

/// Whether the version before this one is the one before this one.
#[must_use]
pub const fn follows(event: &EventInfo) -> bool {
    match event.previous() {
        None => true,
        Some(previous) => previous.version() == event.version() - 1,
    }
}

/// Whether the version before this one has this one's name, or one of its aliases.
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

/// The JSON form of a `wire` event, inside its `impl Event`.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __event_wire_json {
    ($($pointer:literal),* $(,)?) => {
        const WIRE: $crate::__private::Option<$crate::__private::WireForm<Self>> =
            $crate::__private::Some($crate::__private::wire_form::<Self>(&[$($pointer),*]));
    };
}

#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __event_wire_json {
    ($($pointer:literal),* $(,)?) => {
        ::core::compile_error!(
            "`wire` needs the feature `serde` of `event-core`\n\
             help: in Cargo.toml: event-core = { version = \"0.1\", features = [\"serde\"] }"
        );
    };
}

pub use crate::__event_wire_json as wire_json;
