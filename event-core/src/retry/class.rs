//! The classes of errors: temporary, permanent, and those that say when to retry.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::box_error::{BoxError, MOST_CAUSES};

/// What an error says about a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorClass {
    /// Any error that says nothing else.
    Temporary,
    Permanent,
    After(Duration),
}

impl ErrorClass {
    /// Returns the class of an error, which may be that of one of its sources.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        for _ in 0..=MOST_CAUSES {
            let Some(error) = next else { break };
            if let Some(classified) = error.downcast_ref::<Classified>() {
                return classified.class;
            }
            next = error.source();
        }
        Self::Temporary
    }
}

/// An error with its class. It is the source of a [`Permanent`] and of a [`RetryAfter`], so that the class
/// is found in a chain of errors whatever wraps them.
#[derive(Debug)]
struct Classified {
    class: ErrorClass,
    error: BoxError,
}

impl fmt::Display for Classified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for Classified {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// An error that no retry heals: the delivery fails at once, whatever attempts are left.
///
/// It may be anywhere in the chain of sources of the error that the handler returns. Its text is that of the
/// error it was made of.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::error::BoxError;
/// use event_core::retry::Permanent;
/// use event_core::{Event, handler};
///
/// #[derive(Event)]
/// struct OrderPlaced { card: String }
///
/// #[handler(retry(attempts = 5))]
/// async fn charge(event: &OrderPlaced) -> Result<(), BoxError> {
///     let digits: u64 = event.card.parse().map_err(Permanent::new)?; // no retry makes it a number
///     println!("charged {digits}");
///     Ok(())
/// }
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct Permanent(Classified);

impl Permanent {
    /// Makes a permanent error of any error or text.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(Classified {
            class: ErrorClass::Permanent,
            error: error.into(),
        })
    }
}

impl fmt::Display for Permanent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Permanent {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// An error that says when the next attempt may begin, as a server does with `Retry-After`. The time takes
/// the place of the policy's backoff, and is not bounded by it.
///
/// It may be anywhere in the chain of sources of the error that the handler returns. Its text is that of the
/// error it was made of.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use event_core::retry::RetryAfter;
///
/// let error = RetryAfter::new(Duration::from_secs(30), "429 too many requests");
/// assert_eq!(error.to_string(), "429 too many requests");
/// assert_eq!(error.after(), Duration::from_secs(30));
/// ```
#[derive(Debug)]
pub struct RetryAfter {
    after: Duration,
    classified: Classified,
}

impl RetryAfter {
    /// Makes an error after which the next attempt begins when `after` has passed.
    pub fn new(after: Duration, error: impl Into<BoxError>) -> Self {
        Self {
            after,
            classified: Classified {
                class: ErrorClass::After(after),
                error: error.into(),
            },
        }
    }

    /// Returns how long the next attempt waits.
    #[must_use]
    pub fn after(&self) -> Duration {
        self.after
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.classified.fmt(f)
    }
}

impl Error for RetryAfter {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.classified)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Wrapped(BoxError);

    impl fmt::Display for Wrapped {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("cannot charge")
        }
    }

    impl Error for Wrapped {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&*self.0)
        }
    }

    fn class(error: impl Into<BoxError>) -> ErrorClass {
        ErrorClass::of(&*error.into())
    }

    #[test]
    fn an_error_without_a_class_is_temporary() {
        assert_eq!(class("no route"), ErrorClass::Temporary);
        assert_eq!(class(Wrapped("no route".into())), ErrorClass::Temporary);
    }

    #[test]
    fn a_class_is_found_in_any_source() {
        let permanent = || Permanent::new("card expired");
        assert_eq!(class(permanent()), ErrorClass::Permanent);
        assert_eq!(class(Wrapped(permanent().into())), ErrorClass::Permanent);
        let after = RetryAfter::new(Duration::from_secs(3), "busy");
        let expected = ErrorClass::After(Duration::from_secs(3));
        assert_eq!(class(Wrapped(Wrapped(after.into()).into())), expected);
    }

    #[test]
    fn the_first_class_of_a_chain_counts() {
        let inner = Permanent::new("card expired");
        let outer = RetryAfter::new(Duration::from_secs(3), inner);
        assert_eq!(class(outer), ErrorClass::After(Duration::from_secs(3)));
    }

    #[test]
    fn a_classified_error_is_shown_once() {
        let error = Wrapped(Permanent::new("card expired").into());
        let shown = crate::box_error::Chain(&error).to_string();
        assert_eq!(shown, "cannot charge: card expired");
    }
}
