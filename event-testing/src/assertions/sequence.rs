//! Assertions about the order of events.

use crate::assertions::counts::events;
use crate::event_list::EventList;
use crate::pattern::AnyPattern;
use crate::recorder::Recorder;

impl Recorder {
    /// Asserts that events were emitted that match the patterns, in this order, with any others between them: the
    /// method behind [`assert_sequence!`](crate::assert_sequence).
    ///
    /// # Panics
    ///
    /// One is missing, or came earlier.
    #[track_caller]
    pub fn expect_sequence(&self, patterns: &[&dyn AnyPattern]) {
        let emissions = self.emissions();
        let mut next = 0;
        for (index, pattern) in patterns.iter().enumerate() {
            let mut rest = emissions[next..].iter();
            if let Some(skipped) = rest.position(|it| pattern.matches_any(&*it.event)) {
                next += skipped + 1;
                continue;
            }
            let text = pattern.text();
            let place = match index.checked_sub(1) {
                None => format!("no emitted event matches `{text}`"),
                Some(before) => format!(
                    "no event behind event {next} (`{}`) matches `{text}`",
                    patterns[before].text()
                ),
            };
            let list = EventList::new(self).noting(&|at, event| {
                if at < next {
                    // It is named in the text.
                    let is_early = at + 1 < next && pattern.matches_any(event);
                    return is_early.then(|| format!("matches `{text}`, too early"));
                }
                pattern.difference(event)
            });
            panic!(
                "the sequence breaks at pattern {}: {place}\n{list}",
                index + 1
            );
        }
    }

    /// Asserts that exactly the events were emitted that match the patterns, in this order: the method behind
    /// [`assert_sequence!`](crate::assert_sequence) with `exact`.
    ///
    /// # Panics
    ///
    /// An event differs, is missing, or is one too many.
    #[track_caller]
    pub fn expect_exact_sequence(&self, patterns: &[&dyn AnyPattern]) {
        let emissions = self.emissions();
        let mut pairs = patterns.iter().zip(&emissions);
        let wrong = pairs.position(|(pattern, it)| !pattern.matches_any(&*it.event));
        let text = match wrong {
            Some(index) => format!(
                "event {0} does not match pattern {0} of the sequence, `{1}`",
                index + 1,
                patterns[index].text()
            ),
            None if emissions.len() == patterns.len() => return,
            None => match patterns.get(emissions.len()) {
                Some(missing) => format!("no event follows that matches `{}`", missing.text()),
                None => format!(
                    "event {} is not in the sequence, which has {}",
                    patterns.len() + 1,
                    events(patterns.len())
                ),
            },
        };
        let first_wrong = wrong.unwrap_or(patterns.len());
        let list = EventList::new(self).noting(&|at, event| {
            if at != first_wrong {
                return None;
            }
            match patterns.get(at) {
                None => Some("is not in the sequence".to_owned()),
                Some(pattern) => pattern
                    .difference(event)
                    .or_else(|| Some(format!("is not `{}`", pattern.text()))),
            }
        });
        panic!("{text}\n{list}");
    }
}
