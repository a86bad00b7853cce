//! Values that logs must not show.

use std::fmt;

/// What stands in the place of a masked value.
pub const MASK: &str = "[redacted]";

/// A value that is never shown: its `Debug` is [`MASK`], and so is its place in masked JSON.
///
/// For values nested inside an event's fields; a field itself takes `#[event(redact)]`.
/// `Serialize` writes the raw value, since stores and envelopes need it, except while an
/// event is turned into masked JSON.
///
/// # Examples
///
/// ```
/// use event_core::event::Redacted;
///
/// let card = Redacted::new("4111 1111 1111 1111");
/// assert_eq!(format!("{card:?}"), "[redacted]");
/// assert_eq!(card.expose(), &"4111 1111 1111 1111");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value. The name makes each use easy to find in a review.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value, by value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Redacted<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

#[cfg(feature = "serde")]
mod serde_impls {
    use std::cell::Cell;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{MASK, Redacted};
    use crate::wire::{checked, hidden};

    thread_local! {
        static MASKING: Cell<bool> = const { Cell::new(false) };
    }

    /// Runs `serialize` with every [`Redacted`] value masked, on this thread.
    pub(crate) fn while_masking<R>(serialize: impl FnOnce() -> R) -> R {
        struct Restore(bool);
        impl Drop for Restore {
            fn drop(&mut self) {
                MASKING.set(self.0);
            }
        }
        let _restore = Restore(MASKING.replace(true));
        serialize()
    }

    impl<T: Serialize> Serialize for Redacted<T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if MASKING.get() {
                serializer.serialize_str(MASK)
            } else {
                let written = self.0.serialize(serializer);
                written.inspect_err(|_| checked::hide_path())
            }
        }
    }

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Redacted<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            hidden::redacted(|| T::deserialize(deserializer)).map(Self)
        }
    }
}

#[cfg(feature = "serde")]
pub(crate) use serde_impls::while_masking;
