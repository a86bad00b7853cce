//! What serde writes and cannot read: it is refused when it is written, or found by a round trip.

use std::collections::{BTreeMap, HashMap, HashSet};

use event_core::event::Redacted;
use event_core::wire::record::{Recorder, Records};
use event_core::wire::{Codec, EncodeError, RoundTripError, assert_round_trip, check_round_trip};
use event_core::{Dispatcher, Event, Meta};
use proptest::prelude::*;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

fn codec() -> Codec {
    Codec::new("/unreadable").expect("a source")
}

fn meta() -> Meta {
    let envelope =
        br#"{"specversion":"1.0","id":"1","source":"/there","type":"unreadable.tree","data":0}"#;
    codec().decode(envelope).expect("it is read").meta().clone()
}

fn refused<E: Event>(event: &E) -> EncodeError {
    codec().encode(event, &meta()).expect_err("it is refused")
}

/// Where a float is that is not finite.
fn place<E: Event>(event: &E) -> String {
    match refused(event) {
        EncodeError::NotFinite {
            path,
            version,
            event,
        } => {
            assert_eq!((event, version), (E::INFO.name(), E::INFO.version()));
            path
        }
        other => panic!("{other:?}"),
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "unreadable.measured", wire, key = sensor)]
struct Measured {
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

fn measured() -> Measured {
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

#[derive(Event, Serialize, Deserialize)]
#[event(name = "unreadable.price_seen", wire)]
struct PriceSeen(f64);

#[test]
fn the_event_itself_may_be_the_float() {
    assert_eq!(place(&PriceSeen(f64::NAN)), "data");
    assert_eq!(place(&Weighed(f32::NEG_INFINITY, None)), "data[0]");
}

#[test]
fn a_recorder_counts_a_float_that_is_not_finite_as_missed() {
    let recorder = Recorder::new(codec(), Vec::new());
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
    let read: Vec<_> = Records::new(codec(), &*record).collect();
    assert_eq!(read.len(), 2);
    assert!(read.iter().all(Result::is_ok));
}

/// A value in each way that serde has to write one, with floats in its leaves.
#[derive(Debug, Clone)]
enum Tree {
    Leaf(f64),
    Small(f32),
    Nothing,
    Some(Box<Tree>),
    Newtype(Box<Tree>),
    NewtypeVariant(Box<Tree>),
    Seq(Vec<Tree>),
    Tuple(Vec<Tree>),
    TupleStruct(Vec<Tree>),
    TupleVariant(Vec<Tree>),
    Entries(Vec<Tree>),
    KeysAndValues(Vec<Tree>),
    FloatKeys(Vec<(f64, Tree)>),
    Struct(Vec<Tree>),
    StructVariant(Vec<Tree>),
    Raw(Box<RawValue>),
}

const NAMES: [&str; 4] = ["a", "b", "c/~", "d"];

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        macro_rules! all {
            ($all:expr, $open:expr, $call:ident($($key:ident)?)) => {{
                let mut open = $open?;
                for (_index, tree) in $all.iter().enumerate() {
                    open.$call($({let $key = NAMES[_index]; $key},)? tree)?;
                }
                open.end()
            }};
        }
        match self {
            Self::Leaf(float) => s.serialize_f64(*float),
            Self::Small(float) => s.serialize_f32(*float),
            Self::Nothing => s.serialize_none(),
            Self::Some(tree) => s.serialize_some(tree),
            Self::Newtype(tree) => s.serialize_newtype_struct("T", tree),
            Self::NewtypeVariant(tree) => s.serialize_newtype_variant("T", 0, "V", tree),
            Self::Seq(all) => all!(all, s.serialize_seq(None), serialize_element()),
            Self::Tuple(all) => all!(all, s.serialize_tuple(all.len()), serialize_element()),
            Self::TupleStruct(all) => {
                all!(
                    all,
                    s.serialize_tuple_struct("T", all.len()),
                    serialize_field()
                )
            }
            Self::TupleVariant(all) => {
                let open = s.serialize_tuple_variant("T", 0, "V", all.len());
                all!(all, open, serialize_field())
            }
            Self::Entries(all) => {
                all!(all, s.serialize_map(Some(all.len())), serialize_entry(key))
            }
            Self::KeysAndValues(all) => {
                let mut open = s.serialize_map(None)?;
                for (index, tree) in all.iter().enumerate() {
                    open.serialize_key(NAMES[index])?;
                    open.serialize_value(tree)?;
                }
                open.end()
            }
            Self::FloatKeys(all) => s.collect_map(all.iter().map(|(key, tree)| (key, tree))),
            Self::Struct(all) => all!(
                all,
                s.serialize_struct("T", all.len()),
                serialize_field(key)
            ),
            Self::StructVariant(all) => {
                let open = s.serialize_struct_variant("T", 0, "V", all.len());
                all!(all, open, serialize_field(key))
            }
            Self::Raw(raw) => raw.serialize(s),
        }
    }
}

impl Tree {
    /// What is wrong first, in the order of writing: whether it is a float, and where.
    fn wrong(&self, path: &str, level: usize) -> Option<(bool, String)> {
        let enter = |levels: usize| (level + levels > 127).then(|| (false, path.to_owned()));
        let inside = |all: &[Self], start: &str, is_named: bool, levels: usize| {
            all.iter().enumerate().find_map(|(index, tree)| {
                let step = if is_named {
                    format!("{path}{start}.{}", NAMES[index])
                } else {
                    format!("{path}{start}[{index}]")
                };
                tree.wrong(&step, level + levels)
            })
        };
        match self {
            Self::Leaf(float) => (!float.is_finite()).then(|| (true, path.to_owned())),
            Self::Small(float) => (!float.is_finite()).then(|| (true, path.to_owned())),
            Self::Nothing | Self::Raw(_) => None,
            Self::Some(tree) | Self::Newtype(tree) => tree.wrong(path, level),
            Self::NewtypeVariant(tree) => {
                enter(1).or_else(|| tree.wrong(&format!("{path}.V"), level + 1))
            }
            Self::Seq(all) | Self::Tuple(all) | Self::TupleStruct(all) => {
                enter(1).or_else(|| inside(all, "", false, 1))
            }
            Self::TupleVariant(all) => enter(2).or_else(|| inside(all, ".V", false, 2)),
            Self::Entries(all) | Self::KeysAndValues(all) | Self::Struct(all) => {
                enter(1).or_else(|| inside(all, "", true, 1))
            }
            Self::FloatKeys(all) => enter(1).or_else(|| {
                all.iter().find_map(|(key, tree)| {
                    if !key.is_finite() {
                        return Some((true, path.to_owned()));
                    }
                    let key = serde_json::to_string(key).expect("it is finite");
                    tree.wrong(&format!("{path}.{key}"), level + 1)
                })
            }),
            Self::StructVariant(all) => enter(2).or_else(|| inside(all, ".V", true, 2)),
        }
    }
}

#[derive(Event, Serialize)]
#[event(name = "unreadable.tree", wire)]
struct Grown(Tree);

impl<'de> Deserialize<'de> for Grown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|_| Self(Tree::Nothing))
    }
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL,
        1 => prop::num::f64::INFINITE | prop::num::f64::QUIET_NAN,
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        float().prop_map(Tree::Leaf),
        #[allow(clippy::cast_possible_truncation, reason = "any will do")]
        float().prop_map(|float| Tree::Small(float as f32)),
        Just(Tree::Nothing),
        Just(Tree::Raw(
            RawValue::from_string("1.50".to_owned()).expect("it is JSON")
        )),
    ];
    leaf.prop_recursive(6, 60, 4, |inner| {
        let one = inner.clone().prop_map(Box::new);
        let some = prop::collection::vec(inner.clone(), 0..4);
        let keyed = prop::collection::vec((float(), inner), 0..3);
        prop_oneof![
            one.clone().prop_map(Tree::Some),
            one.clone().prop_map(Tree::Newtype),
            one.prop_map(Tree::NewtypeVariant),
            some.clone().prop_map(Tree::Seq),
            some.clone().prop_map(Tree::Tuple),
            some.clone().prop_map(Tree::TupleStruct),
            some.clone().prop_map(Tree::TupleVariant),
            some.clone().prop_map(Tree::Entries),
            some.clone().prop_map(Tree::KeysAndValues),
            keyed.prop_map(Tree::FloatKeys),
            some.clone().prop_map(Tree::Struct),
            some.prop_map(Tree::StructVariant),
        ]
    })
}

/// Puts a tree under so many levels.
fn under(levels: usize, tree: Tree) -> Tree {
    (0..levels).fold(tree, |tree, level| match level % 4 {
        0 => Tree::Seq(vec![tree]),
        1 => Tree::Newtype(Box::new(Tree::Struct(vec![tree]))),
        2 => Tree::Some(Box::new(Tree::Entries(vec![tree]))),
        _ => Tree::NewtypeVariant(Box::new(tree)),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn a_tree_is_written_as_serde_json_does_or_says_what_is_wrong_first(
        tree in tree(),
        levels in prop_oneof![9 => Just(0_usize), 1 => 115..130_usize],
    ) {
        let tree = Grown(under(levels, tree));
        let wrong = tree.0.wrong("data", 0);
        match (codec().encode(&tree, &meta()), wrong) {
            (Ok(written), None) => {
                let data = serde_json::to_string(&tree).expect("it is JSON");
                prop_assert!(written.ends_with(&format!("\"data\":{data}}}")), "{}", written);
                prop_assert!(codec().decode(written.as_bytes()).is_ok(), "{}", written);
            }
            (Err(EncodeError::NotFinite { path, .. }), Some((true, expected)))
            | (Err(EncodeError::TooDeep { path, .. }), Some((false, expected))) => {
                // Of a long path the start is shown.
                if let Some(start) = path.strip_suffix("[…]") {
                    prop_assert!(expected.starts_with(start), "{} {}", path, expected);
                } else {
                    prop_assert_eq!(path, expected);
                }
            }
            (written, wrong) => prop_assert!(false, "{:?} {:?}", written, wrong),
        }
    }
}

#[test]
fn an_event_is_refused_exactly_where_it_is_too_deep_to_be_read() {
    let written = |levels| codec().encode(&Grown(under(levels, Tree::Nothing)), &meta());
    let deepest = written(127).expect("it is written");
    assert!(codec().decode(deepest.as_bytes()).is_ok());
    let error = written(128).expect_err("too deep").to_string();
    let start = "cannot write `unreadable.tree` version 1: at `data.V.a";
    assert!(error.starts_with(start), "{error}");
    assert!(error.len() < 300, "{error}");
    // It ends before the stack does.
    let error = written(3_000).expect_err("too deep");
    assert!(matches!(error, EncodeError::TooDeep { .. }));
}

/// Goes on where its value could not be written.
struct Stubborn;

impl Serialize for Stubborn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_key("a")?;
        if map.serialize_value(&f64::NAN).is_err() {
            map.serialize_value(&0)?;
        }
        map.end()
    }
}

#[derive(Event, Serialize)]
#[event(name = "unreadable.stubborn", wire)]
struct StubbornWritten(#[serde(serialize_with = "stubborn")] ());

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "it is what serde calls it with"
)]
fn stubborn<S: Serializer>((): &(), serializer: S) -> Result<S::Ok, S::Error> {
    Stubborn.serialize(serializer)
}

impl<'de> Deserialize<'de> for StubbornWritten {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self(()))
    }
}

#[test]
fn a_serialize_that_swallows_the_error_does_not_hide_it() {
    assert_eq!(place(&StubbornWritten(())), "data.a");
}

// Round trips.

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
