//! How many events an assertion wants.

use std::fmt;

/// How many events must match.
#[derive(Clone, Copy, Debug)]
pub enum Count {
    /// Exactly so many.
    Times(usize),
    /// So many or more.
    AtLeast(usize),
    /// So many or fewer.
    AtMost(usize),
}

impl Count {
    pub(crate) fn accepts(self, found: usize) -> bool {
        match self {
            Self::Times(wanted) => found == wanted,
            Self::AtLeast(wanted) => found >= wanted,
            Self::AtMost(wanted) => found <= wanted,
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (limit, wanted) = match self {
            Self::Times(wanted) => ("", wanted),
            Self::AtLeast(wanted) => ("at least ", wanted),
            Self::AtMost(wanted) => ("at most ", wanted),
        };
        write!(f, "{limit}{}", events(*wanted))
    }
}

/// Returns a number of events in words.
pub(crate) fn events(count: usize) -> String {
    match count {
        1 => "1 event".to_owned(),
        count => format!("{count} events"),
    }
}
