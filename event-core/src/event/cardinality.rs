//! How many handlers a program must have for an event.

use std::fmt;

/// How many handlers the final program must have for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cardinality {
    /// The fewest handlers allowed.
    pub min: usize,
    /// The most handlers allowed; `None` for no limit.
    pub max: Option<usize>,
}

impl fmt::Display for Cardinality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (min, None) => write!(f, "at least {min}"),
            (min, Some(max)) if min == max => write!(f, "exactly {min}"),
            (min, Some(max)) => write!(f, "{min} to {max}"),
        }
    }
}
