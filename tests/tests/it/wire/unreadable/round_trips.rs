//! What a round trip finds.

use std::collections::{BTreeMap, HashSet};

use event_core::Event;
use event_core::event::Redacted;
use event_core::wire::{EncodeError, RoundTripError, assert_round_trip, check_round_trip};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::PriceSeen;

use super::floats::measured;

#[derive(Event, Serialize, Deserialize)]
#[event(name = "unreadable.account_opened", version = 3, no_previous, wire)]
struct AccountOpened {
    names: HashSet<String>,
    #[serde(flatten)]
    more: More,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct More {
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u128>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    by_id: BTreeMap<u32, bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<Box<RawValue>>,
}

fn account(more: More) -> AccountOpened {
    AccountOpened {
        names: ["a", "b", "c", "d", "e"].map(str::to_owned).into(),
        more,
    }
}

fn unread<E: Event>(event: &E) -> String {
    check_round_trip(event)
        .expect_err("it is another")
        .to_string()
}

#[test]
fn what_serde_writes_and_cannot_read_is_found_by_a_round_trip() {
    assert_round_trip(&measured());
    assert_round_trip(&account(More::default()));
    let start =
        "`unreadable.account_opened` version 3 is written and cannot be read: it does not fit at ";
    let number = account(More {
        number: Some(7),
        ..More::default()
    });
    let by_id = account(More {
        by_id: [(1, true)].into(),
        ..More::default()
    });
    let raw = account(More {
        raw: Some(RawValue::from_string("1".to_owned()).expect("it is JSON")),
        ..More::default()
    });
    for (event, problem, path) in [
        (number, "`data`: u128 is not supported; ", "data.number"),
        (
            by_id,
            "`data`: invalid type: string, expected u32; ",
            "data.by_id",
        ),
        (
            raw,
            "`data`: invalid type: newtype struct, expected any valid JSON value; ",
            "data.raw",
        ),
    ] {
        let text = unread(&event);
        assert!(text.starts_with(&format!("{start}{problem}")), "{text}");
        assert!(
            text.contains(&format!("which loses what is at `{path}`: ")),
            "{text}"
        );
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "unreadable.tier_changed", wire)]
struct TierChanged {
    lines: Vec<Rounded>,
    #[event(redact)]
    secret: Rounded,
    inner: BTreeMap<String, Redacted<Vec<Rounded>>>,
    #[serde(flatten)]
    labels: BTreeMap<String, u64>,
}

/// Whose two sides disagree.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(from = "u64")]
struct Rounded(u64);

impl From<u64> for Rounded {
    fn from(number: u64) -> Self {
        Self(number / 10 * 10)
    }
}

fn tier() -> TierChanged {
    TierChanged {
        lines: vec![Rounded(10), Rounded(20)],
        secret: Rounded(30),
        inner: [("a".to_owned(), Redacted::new(vec![Rounded(40)]))].into(),
        labels: BTreeMap::new(),
    }
}

#[test]
fn an_event_that_is_another_when_it_is_read_is_told_with_the_path_and_both_values() {
    assert_round_trip(&tier());
    let mut changed = tier();
    changed.lines[1] = Rounded(21);
    assert_eq!(
        unread(&changed),
        "`unreadable.tier_changed` version 1 is another when it is read: `data.lines[1]` was written \
         from 21, and is 20",
    );
    let mut secret = tier();
    secret.secret = Rounded(4711);
    assert_eq!(
        unread(&secret),
        "`unreadable.tier_changed` version 1 is another when it is read: `data.secret` was written from \
         \"[redacted]\", and is \"[redacted]\"",
    );
    let mut inner = tier();
    inner
        .inner
        .insert("b".to_owned(), Redacted::new(vec![Rounded(4711)]));
    let text = format!("{} {:?}", unread(&inner), check_round_trip(&inner));
    assert!(
        text.contains("`data.inner.b` was") && !text.contains("471"),
        "{text}"
    );
    // A label that has a field's name is there twice.
    let mut twice = tier();
    twice.labels.insert("lines".to_owned(), 1);
    assert!(
        unread(&twice).contains("duplicate field `lines`"),
        "{}",
        unread(&twice)
    );
}

#[derive(Event)]
#[event(name = "unreadable.stays_here")]
struct StaysHere;

#[test]
fn a_round_trip_of_what_cannot_be_written_says_why() {
    assert!(unread(&StaysHere).contains("is not `wire`"));
    let error = check_round_trip(&PriceSeen(f64::NAN)).expect_err("no JSON");
    assert!(matches!(
        error,
        RoundTripError::Write(EncodeError::NotFinite { .. })
    ));
    let panic = std::panic::catch_unwind(|| assert_round_trip(&PriceSeen(f64::NAN)));
    assert!(panic.is_err());
}
