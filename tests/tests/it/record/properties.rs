//! Whatever is in a journal, and wherever it is damaged.

use std::sync::LazyLock;

use event_core::{Dispatcher, Event};
use event_tests::{read, record};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{line, results};

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event(name = "record.noted", wire, key = text)]
struct Noted {
    text: String,
    number: f64,
    parts: Vec<(i64, Option<char>)>,
}

fn noted() -> impl Strategy<Value = Noted> {
    let parts = vec(any::<(i64, Option<char>)>(), 0..4);
    let number = proptest::num::f64::NORMAL | proptest::num::f64::ZERO;
    let noted = (any::<String>(), number, parts);
    noted.prop_map(|(text, number, parts)| Noted {
        text,
        number,
        parts,
    })
}

static LINES: LazyLock<Vec<String>> = LazyLock::new(|| (1..=9).map(line).collect());

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn whatever_events_have_in_them_they_come_out_of_the_record_as_they_went_in(
        events in vec(noted(), 0..10),
    ) {
        let dispatcher = Dispatcher::empty().build().expect("wired");
        let record = record(&dispatcher, || {
            for event in &events {
                dispatcher.emit(event.clone());
            }
        });
        prop_assert_eq!(record.lines().count(), events.len());
        let read = read(&record);
        let read: Vec<_> = read.iter().map(|it| it.event().downcast_ref()).collect();
        prop_assert_eq!(read, events.iter().map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn damage_anywhere_spoils_the_lines_it_is_in_and_no_other(
        at in any::<proptest::sample::Index>(),
        damage in vec(any::<u8>(), 1..20),
        inserted in any::<bool>(),
    ) {
        let record = &*LINES;
        let mut damaged = record.concat().into_bytes();
        let at = at.index(damaged.len());
        let end = if inserted { at } else { (at + damage.len()).min(damaged.len()) };
        // The lines that the damage does not touch.
        let mut start = 0;
        let untouched = record.iter().zip(1..).filter_map(|(line, step)| {
            let here = start..start + line.len();
            start = here.end;
            (here.end <= at || end < here.start || end == here.start && damage.ends_with(b"\n"))
                .then_some(step)
        });
        let untouched: Vec<u64> = untouched.collect();
        damaged.splice(at..end, damage.iter().copied());

        let lines = damaged.split_inclusive(|byte| *byte == b'\n').count();
        let results = results(&*damaged);
        prop_assert_eq!(results.len(), lines);
        let read: Vec<_> = results.into_iter().filter_map(Result::ok).collect();
        for step in untouched {
            prop_assert!(read.contains(&step), "{} of {:?}", step, read);
        }
    }
}
