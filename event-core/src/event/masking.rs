//! Masks the redacted fields of an event that is shown.
//!
//! The derive writes the `Debug` of an event with redacted fields, so they are masked wherever the event
//! is shown, also inside of another one. Its `Serialize` is the user's, and shows them: stores and
//! envelopes need the values. So an event is formatted before it becomes masked JSON, which finds the
//! memory of its redacted fields, and a value at such a place is masked while the event is serialized. If
//! one of these fields was not serialized, something else may have been written in its place, and nothing
//! of the event is shown.

use std::fmt;

#[cfg(feature = "serde")]
pub(crate) use crate::event::masking::located::{
    Located, is_masking, is_redacted, locate, while_masking,
};
use crate::event::redacted::MASK;

/// The placeholder of a redacted field when its event is formatted.
#[derive(Clone, Copy)]
pub struct Masked {
    #[cfg(feature = "serde")]
    place: located::Place,
}

impl Masked {
    /// Makes the placeholder of `field`.
    #[cfg_attr(
        not(feature = "serde"),
        allow(unused_variables, reason = "there is no JSON")
    )]
    pub fn new<T>(field: &T) -> Self {
        Self {
            #[cfg(feature = "serde")]
            place: located::Place::new(field),
        }
    }

    /// Makes the placeholder of a field of a packed struct, which has no address, so no JSON of its event
    /// is shown.
    #[must_use]
    pub const fn hidden() -> Self {
        Self {
            #[cfg(feature = "serde")]
            place: located::Place::NOWHERE,
        }
    }

    /// Marks a field that is not serialized, or not always.
    #[must_use]
    #[cfg_attr(not(feature = "serde"), allow(unused_mut, reason = "there is no JSON"))]
    pub const fn if_written(mut self) -> Self {
        #[cfg(feature = "serde")]
        {
            self.place.is_optional = true;
        }
        self
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "serde")]
        self.place.locate();
        f.write_str(MASK)
    }
}

#[cfg(feature = "serde")]
mod located {
    use std::cell::RefCell;
    use std::fmt;
    use std::mem;
    use std::ops::Range;
    use std::ptr;

    thread_local! {
        static STATE: RefCell<State> = const { RefCell::new(State::Off) };
    }

    /// The memory of a redacted field.
    #[derive(Clone, Copy)]
    pub(crate) struct Place {
        start: usize,
        size: usize,
        /// Whether serde's attributes may leave the field out.
        pub(crate) is_optional: bool,
    }

    enum State {
        Off,
        Locating(Vec<Place>),
        Masking(Located),
    }

    /// Redacted fields, sorted by their places in memory.
    pub(crate) struct Located(Vec<Field>);

    struct Field {
        memory: Range<usize>,
        /// Whether the field must be serialized, and was not yet.
        is_missing: bool,
    }

    /// Restores the state that was before, even after a panic.
    struct Restore(State);

    impl Restore {
        fn after(state: State) -> Self {
            Self(STATE.replace(state))
        }
    }

    impl Drop for Restore {
        fn drop(&mut self) {
            STATE.set(mem::replace(&mut self.0, State::Off));
        }
    }

    /// Runs `format`, and returns the places of the redacted fields that it masks.
    pub(crate) fn locate(
        format: impl FnOnce() -> Result<(), fmt::Error>,
    ) -> Result<Located, fmt::Error> {
        let _restore = Restore::after(State::Locating(Vec::new()));
        format()?;
        match STATE.replace(State::Off) {
            State::Locating(fields) => Ok(Located::new(fields)),
            _ => Err(fmt::Error),
        }
    }

    /// Runs `serialize` with the located fields and every [`Redacted`](crate::event::Redacted) value
    /// masked, on this thread. Also returns whether each field that must be serialized was serialized.
    pub(crate) fn while_masking<R>(located: Located, serialize: impl FnOnce() -> R) -> (R, bool) {
        let _restore = Restore::after(State::Masking(located));
        let result = serialize();
        let is_whole = match STATE.replace(State::Off) {
            State::Masking(located) => !located.0.iter().any(|field| field.is_missing),
            _ => false,
        };
        (result, is_whole)
    }

    pub(crate) fn is_masking() -> bool {
        STATE.with_borrow(|state| matches!(state, State::Masking(_)))
    }

    /// Whether a value is a located field, or inside of one.
    pub(crate) fn is_redacted<T: ?Sized>(value: &T) -> bool {
        let start = ptr::from_ref(value).addr();
        let memory = start..start + size_of_val(value);
        STATE.with_borrow_mut(|state| match state {
            State::Masking(located) if !memory.is_empty() => located.find(&memory),
            _ => false,
        })
    }

    impl Place {
        /// No value is at this address, so the field is never found to be serialized.
        pub(crate) const NOWHERE: Self = Self {
            start: 0,
            size: 1,
            is_optional: false,
        };

        pub(crate) fn new<T>(field: &T) -> Self {
            Self {
                start: ptr::from_ref(field).addr(),
                size: size_of::<T>(),
                is_optional: false,
            }
        }

        pub(crate) fn locate(self) {
            STATE.with_borrow_mut(|state| {
                if let State::Locating(fields) = state
                    && self.size > 0
                {
                    fields.push(self);
                }
            });
        }
    }

    impl Located {
        fn new(mut fields: Vec<Place>) -> Self {
            fields.sort_unstable_by_key(|field| field.start);
            let mut located: Vec<Field> = Vec::with_capacity(fields.len());
            for field in fields {
                let memory = field.start..field.start + field.size;
                match located.last_mut() {
                    // A value that two parts of an event share is formatted twice.
                    Some(last) if memory.start < last.memory.end => {
                        last.memory.end = last.memory.end.max(memory.end);
                        last.is_missing |= !field.is_optional;
                    }
                    _ => located.push(Field {
                        memory,
                        is_missing: !field.is_optional,
                    }),
                }
            }
            Self(located)
        }

        pub(crate) fn is_empty(&self) -> bool {
            self.0.is_empty()
        }

        fn find(&mut self, memory: &Range<usize>) -> bool {
            let behind = self
                .0
                .partition_point(|field| field.memory.start <= memory.start);
            let field = behind.checked_sub(1).and_then(|at| self.0.get_mut(at));
            match field {
                Some(field) if memory.end <= field.memory.end => {
                    field.is_missing = false;
                    true
                }
                _ => false,
            }
        }
    }
}
