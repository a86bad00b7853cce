//! Floats that are not finite.

use std::collections::{BTreeMap, HashMap};

use event_core::event::Redacted;
use event_core::wire::EncodeError;
use event_core::wire::journal::{JournalReader, JournalWriter};
use event_core::{Dispatcher, Event};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{PriceSeen, codec, meta, place, refused};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "unreadable.measured", wire, key = sensor)]
pub(super) struct Measured {
    sensor: String,
    value: f64,
    small: Option<f32>,
    #[serde(rename = "all values")]
    values: Vec<(u8, f64)>,
    by_place: BTreeMap<String, HashMap<u16, f32>>,
    #[serde(serialize_with = "as_share", deserialize_with = "from_share")]
    percent: f64,
    #[event(redact)]
    hidden: BTreeMap<String, f64>,
    nested: Vec<Redacted<BTreeMap<String, f64>>>,
    unit: Unit,
    #[serde(flatten)]
    more: BTreeMap<String, f64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "unit")]
enum Unit {
    Celsius,
    Scale { zero: f64, step: Step },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Step {
    Even(f64),
    Odd(Vec<f64>),
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "it is what serde calls it with"
)]
fn as_share<S: Serializer>(percent: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    (percent / 100.0).serialize(serializer)
}

fn from_share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    f64::deserialize(deserializer).map(|share| share * 100.0)
}

pub(super) fn measured() -> Measured {
    Measured {
        sensor: "s".to_owned(),
        value: 0.0,
        small: Some(0.5),
        values: vec![(0, 0.1), (1, f64::MAX), (2, -0.0)],
        by_place: [("here".to_owned(), [(4, f32::MIN_POSITIVE)].into())].into(),
        percent: 25.0,
        hidden: [("pin".to_owned(), 1.0)].into(),
        nested: vec![Redacted::new([("pin".to_owned(), 2.0)].into())],
        unit: Unit::Scale {
            zero: 1e-300,
            step: Step::Even(5e-324),
        },
        more: [("wind".to_owned(), 4.0)].into(),
    }
}

#[test]
fn a_float_that_is_not_finite_is_refused_with_its_path() {
    assert!(codec().encode(&measured(), &meta()).is_ok());
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        #[allow(clippy::cast_possible_truncation, reason = "it has no digits")]
        let small = bad as f32;
        let with = |change: &dyn Fn(&mut Measured)| {
            let mut event = measured();
            change(&mut event);
            place(&event)
        };
        let insert = |map: &mut BTreeMap<String, f64>| {
            map.insert("a/~b".to_owned(), bad);
        };
        assert_eq!(with(&|it| it.value = bad), "data.value");
        assert_eq!(with(&|it| it.small = Some(small)), "data.small");
        assert_eq!(with(&|it| it.values[1].1 = bad), "data.all values[1][1]");
        assert_eq!(
            with(&|it| drop(it.by_place.insert("a".to_owned(), [(7, small)].into()))),
            "data.by_place.a.7"
        );
        assert_eq!(with(&|it| it.percent = bad), "data.percent");
        assert_eq!(with(&|it| insert(&mut it.more)), "data");
        assert_eq!(
            with(&|it| it.unit = Unit::Scale {
                zero: bad,
                step: Step::Even(0.0)
            }),
            "data.unit.zero"
        );
        assert_eq!(
            with(&|it| it.unit = Unit::Scale {
                zero: 0.0,
                step: Step::Odd(vec![0.0, bad])
            }),
            "data.unit.step[1]"
        );
        // Keys of what is redacted are not shown.
        assert_eq!(with(&|it| insert(&mut it.hidden)), "data.hidden");
        let nested = with(&|it| {
            let mut map = BTreeMap::new();
            insert(&mut map);
            it.nested.push(Redacted::new(map));
        });
        assert_eq!(nested, "data.nested[1]");
    }
    let mut event = measured();
    event.value = f64::NAN;
    assert_eq!(
        refused(&event).to_string(),
        "cannot write `unreadable.measured` version 1: a float at `data.value` is not finite, and JSON \
         has no such number; check it before the event is emitted, or make it an `Option`",
    );
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "unreadable.weighed", wire)]
struct Weighed(f32, Option<u8>);

#[test]
fn the_event_itself_may_be_the_float() {
    assert_eq!(place(&PriceSeen(f64::NAN)), "data");
    assert_eq!(place(&Weighed(f32::NEG_INFINITY, None)), "data[0]");
}

#[test]
fn a_recorder_counts_a_float_that_is_not_finite_as_missed() {
    let recorder = JournalWriter::new(codec(), Vec::new());
    let dispatcher = Dispatcher::empty()
        .observe(recorder.clone())
        .build()
        .expect("wired");
    for price in [1.5, f64::NAN, 2.5, f64::INFINITY] {
        dispatcher.emit(PriceSeen(price));
    }
    let written = recorder.finish();
    assert!(!written.is_complete());
    assert_eq!(written.written(), 2);
    let missed = &written.missed()[0];
    assert_eq!(
        (missed.event(), missed.count()),
        ("unreadable.price_seen", 2)
    );
    assert!(matches!(missed.why(), EncodeError::NotFinite { .. }));
    let record = recorder.into_inner().expect("the only one");
    let read: Vec<_> = JournalReader::new(codec(), &*record).collect();
    assert_eq!(read.len(), 2);
    assert!(read.iter().all(Result::is_ok));
}
