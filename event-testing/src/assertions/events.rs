//! Assertions about the events of one type, and about none.

use event_core::{AnyEvent, Event};

use crate::assertions::counts::{Count, events};
use crate::event_list::EventList;
use crate::pattern::{AnyPattern, EventPattern};
use crate::recorder::Recorder;
use crate::recorder::recorded::RecordedEvent;

impl Recorder {
    /// Returns the first event of one type for which `accepts` returns `true`: the method behind
    /// [`assert_emitted!`](crate::assert_emitted), whose failures also name the field that differs.
    ///
    /// # Panics
    ///
    /// There is none.
    #[track_caller]
    pub fn expect<E: Event>(&self, accepts: impl Fn(&E) -> bool) -> RecordedEvent<E> {
        self.expect_pattern(&EventPattern::of_closure(accepts))
    }

    /// Asserts that no event of one type was emitted for which `rejects` returns `true`: the method behind
    /// [`assert_not_emitted!`](crate::assert_not_emitted).
    ///
    /// # Panics
    ///
    /// There is one.
    #[track_caller]
    pub fn expect_none<E: Event>(&self, rejects: impl Fn(&E) -> bool) {
        self.expect_no_pattern(&EventPattern::of_closure(rejects));
    }

    /// Asserts that nothing was emitted: the method behind
    /// [`assert_nothing_emitted!`](crate::assert_nothing_emitted).
    ///
    /// # Panics
    ///
    /// Something was.
    #[track_caller]
    pub fn expect_nothing(&self) {
        let list = EventList::new(self);
        assert!(list.is_empty(), "nothing should be emitted\n{list}");
    }

    #[doc(hidden)]
    #[track_caller]
    pub fn expect_pattern<E: Event>(&self, pattern: &EventPattern<'_, E>) -> RecordedEvent<E> {
        let Some(found) = self.matching(pattern).into_iter().next() else {
            let text = pattern.text();
            panic!("no emitted event matches `{text}`\n{}", self.near(pattern));
        };
        found
    }

    #[doc(hidden)]
    #[track_caller]
    pub fn expect_count<E: Event>(
        &self,
        pattern: &EventPattern<'_, E>,
        count: Count,
    ) -> Vec<RecordedEvent<E>> {
        let found = self.matching(pattern);
        if !count.accepts(found.len()) {
            let list = if found.is_empty() {
                self.near(pattern)
            } else {
                self.marking(pattern)
            };
            let (found, text) = (matching(found.len()), pattern.text());
            panic!("{found} `{text}`, and not {count}\n{list}");
        }
        found
    }

    #[doc(hidden)]
    #[track_caller]
    pub fn expect_no_pattern<E: Event>(&self, pattern: &EventPattern<'_, E>) {
        let found = self.matching(pattern).len();
        if found > 0 {
            let (found, text) = (matching(found), pattern.text());
            panic!(
                "{found} `{text}`, and none should\n{}",
                self.marking(pattern)
            );
        }
    }

    fn matching<E: Event>(&self, pattern: &EventPattern<'_, E>) -> Vec<RecordedEvent<E>> {
        let mut events = self.emitted();
        events.retain(|event: &RecordedEvent<E>| pattern.matches(event));
        events
    }

    /// Lists what happened, with what differs where an event has the pattern's type.
    pub(super) fn near(&self, pattern: &dyn AnyPattern) -> EventList {
        EventList::new(self).noting(&|_, event| pattern.difference(event))
    }

    /// Lists what happened, and marks the events that match.
    fn marking(&self, pattern: &dyn AnyPattern) -> EventList {
        let note = |_, event: &dyn AnyEvent| {
            let matches = pattern.matches_any(event);
            matches.then(|| "matches".to_owned())
        };
        EventList::new(self).noting(&note)
    }
}

/// Returns how many events match, in words.
fn matching(count: usize) -> String {
    let verb = if count == 1 { "matches" } else { "match" };
    format!("{} {verb}", events(count))
}
