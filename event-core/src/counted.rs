//! Numbers of things, for texts.

use std::fmt;

/// A number of things with its noun: `1 event`, `2 events`.
pub(crate) struct Counted<N> {
    count: N,
    one: &'static str,
    more: &'static str,
}

impl<N> Counted<N> {
    /// `one` is the noun of a single thing, `more` that of any other number.
    pub(crate) fn new(count: N, one: &'static str, more: &'static str) -> Self {
        Self { count, one, more }
    }

    pub(crate) fn events(count: N) -> Self {
        Self::new(count, "event", "events")
    }

    pub(crate) fn deliveries(count: N) -> Self {
        Self::new(count, "delivery", "deliveries")
    }
}

impl<N: fmt::Display + PartialEq + From<u8>> fmt::Display for Counted<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.count == N::from(1) {
            self.one
        } else {
            self.more
        };
        write!(f, "{} {noun}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use crate::counted::Counted;

    #[test]
    fn only_the_number_one_has_the_noun_of_one_thing() {
        let text = |count: u64| Counted::deliveries(count).to_string();
        assert_eq!(
            [0, 1, 2].map(text),
            ["0 deliveries", "1 delivery", "2 deliveries"]
        );
    }
}
