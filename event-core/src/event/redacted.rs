//! Values that logs must not show.

use std::fmt;

/// The text that replaces a masked value.
pub const MASK: &str = "[redacted]";

/// A value that is never shown: its `Debug` is [`MASK`], and it is `MASK` in masked JSON.
///
/// It is for values nested inside an event's fields; a field itself takes `#[event(redact)]`. `Serialize`
/// writes the raw value, since stores and envelopes need it, except while an event is turned into masked
/// JSON. To redact a value that does not implement `Serialize`, redact a type around it that does.
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

    /// Returns the value. The name makes each use easy to find in a review.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Returns the value, by value.
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
    use serde::ser::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::event::json::{checked, redaction};
    use crate::event::masking;
    use crate::event::redacted::{MASK, Redacted};

    /// The bound of a redacted value that is written; it exists for its message.
    #[diagnostic::on_unimplemented(
        message = "`Redacted<{Self}>` cannot be serialized: `{Self}` does not serialize itself",
        label = "needs `Serialize`",
        note = "redact a type around it, which serializes what it holds (for a secret of `secrecy`, with \
                `use secrecy::ExposeSecret`):\n\n\
                #[derive(serde::Deserialize)]\n\
                struct Secret({Self});\n\n\
                impl serde::Serialize for Secret {{\n    \
                    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {{\n        \
                        self.0.expose_secret().serialize(serializer)\n    \
                    }}\n\
                }}\n\n\
                and give the field the type `Redacted<Secret>`"
    )]
    pub trait Written: Serialize {}

    #[diagnostic::do_not_recommend]
    impl<T: Serialize> Written for T {}

    impl<T: Written> Serialize for Redacted<T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if masking::is_masking() {
                return serializer.serialize_str(MASK);
            }
            self.0.serialize(serializer).map_err(|_| {
                checked::hide_path();
                S::Error::custom("a redacted value does not serialize")
            })
        }
    }

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Redacted<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            redaction::redacted(|| T::deserialize(deserializer)).map(Self)
        }
    }
}
