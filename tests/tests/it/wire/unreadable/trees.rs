//! Random trees: what is nested too deep, and where.

use event_core::Event;
use event_core::wire::EncodeError;
use proptest::prelude::*;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{codec, meta, place};

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
