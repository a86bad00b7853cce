//! Random events go out and come back; random input is an event, or an error that says why not.

use std::collections::BTreeMap;

use event_core::wire::{Codec, DecodeError, Envelope};
use event_core::{AnyEvent, Event};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Event, Serialize, Deserialize, Clone, PartialEq)]
#[event(name = "random.order", version = 2, previous = OrderV1, wire, key = placed_by)]
#[serde(rename_all = "camelCase")]
struct Order {
    placed_by: String,
    #[serde(rename = "näme / ~x")]
    name: Option<String>,
    lines: Vec<Line>,
    total: f64,
    ratio: f32,
    counts: BTreeMap<String, i64>,
    by_number: BTreeMap<u64, bool>,
    unit: (),
    pair: (u8, char),
    #[event(redact)]
    secret: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "random.order", wire, superseded)]
struct OrderV1 {
    id: u64,
}

impl From<OrderV1> for Order {
    fn from(old: OrderV1) -> Self {
        Self {
            placed_by: old.id.to_string(),
            name: None,
            lines: Vec::new(),
            total: 0.0,
            ratio: 0.0,
            counts: BTreeMap::new(),
            by_number: BTreeMap::new(),
            unit: (),
            pair: (0, ' '),
            secret: String::new(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize, Clone, PartialEq)]
struct Line {
    item: String,
    price: Option<i32>,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Debug, Serialize, Deserialize, Clone, PartialEq)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Kind {
    Plain,
    InColor { color: String },
}

#[derive(Event, Debug, Serialize, Deserialize, Clone, PartialEq)]
#[event(name = "random.shape", wire)]
enum Shape {
    Nothing,
    Tuple(i8, Vec<Shape>),
    #[serde(rename = "called otherwise")]
    FunctionId {
        text: String,
        inner: Option<Box<Shape>>,
    },
    New(bool),
}

#[derive(Event, Debug, Serialize, Deserialize, Clone, PartialEq)]
#[event(name = "random.tagged", wire)]
#[serde(tag = "t", content = "c")]
enum Tagged {
    A(u64),
    B { x: i64 },
}

#[derive(Event, Debug, Serialize, Deserialize, Clone, PartialEq)]
#[event(name = "random.text", wire, key = 0)]
struct Text(String);

/// Numbers that `Value` has no room for.
#[derive(Event, Debug, Serialize, Deserialize, Clone, PartialEq)]
#[event(name = "random.big", wire, key = 0)]
struct Big(u128, i128);

fn codec() -> Codec {
    Codec::new("urn:random").expect("a source")
}

fn envelope(event: &str, version: u64, data: &Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": "018f2f3c-1111-7000-8000-0123456789ab",
        "source": "/random",
        "type": event,
        "time": "2024-05-01T10:20:30.123456789Z",
        "eventversion": version,
        "datacontenttype": "application/json",
        "data": data,
    })
}

fn decode(input: &[u8]) -> Result<Envelope, DecodeError> {
    codec().decode(input)
}

fn there_and_back<E: Event + PartialEq>(event: &E, envelope_of: &Value) -> bool {
    let meta = decode(envelope_of.to_string().as_bytes()).expect("it is read");
    let written = codec().encode(event, meta.meta()).expect("it is written");
    let read = decode(written.as_bytes()).expect("it is read again");
    let again = codec()
        .encode(read.event(), read.meta())
        .expect("it is written again");
    read.meta() == meta.meta()
        && read.event().downcast_ref::<E>() == Some(event)
        && again == written
}

fn line() -> impl Strategy<Value = Line> {
    let kind = prop_oneof![
        Just(Kind::Plain),
        any::<String>().prop_map(|color| Kind::InColor { color }),
    ];
    (any::<String>(), any::<Option<i32>>(), kind).prop_map(|(item, price, kind)| Line {
        item,
        price,
        kind,
    })
}

prop_compose! {
    fn order()(
        (placed_by, name, secret) in any::<(String, Option<String>, String)>(),
        lines in vec(line(), 0..4),
        total in proptest::num::f64::POSITIVE | proptest::num::f64::NEGATIVE
            | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO,
        ratio in proptest::num::f32::NORMAL | proptest::num::f32::SUBNORMAL,
        counts in btree_map(any::<String>(), any::<i64>(), 0..4),
        by_number in btree_map(any::<u64>(), any::<bool>(), 0..4),
        pair in any::<(u8, char)>(),
    ) -> Order {
        Order { placed_by, name, lines, total, ratio, counts, by_number, unit: (), pair, secret }
    }
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Nothing),
        any::<bool>().prop_map(Shape::New),
        any::<String>().prop_map(|text| Shape::FunctionId { text, inner: None }),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            (any::<i8>(), vec(inner.clone(), 0..3)).prop_map(|(n, all)| Shape::Tuple(n, all)),
            (any::<String>(), inner).prop_map(|(text, inner)| Shape::FunctionId {
                text,
                inner: Some(Box::new(inner)),
            }),
        ]
    })
}

fn tagged() -> impl Strategy<Value = Tagged> {
    prop_oneof![
        any::<u64>().prop_map(Tagged::A),
        any::<i64>().prop_map(|x| Tagged::B { x }),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("1.0")),
        Just(json!("random.order")),
        Just(json!("random.shape")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(key(), inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "specversion",
        "id",
        "source",
        "type",
        "time",
        "datacontenttype",
        "eventversion",
        "data",
        "data_base64",
        "correlationid",
        "causationid",
        "causaldepth",
        "placedBy",
        "lines",
        "item",
    ];
    prop_oneof![
        4 => proptest::sample::select(KNOWN).prop_map(ToOwned::to_owned),
        1 => any::<String>(),
    ]
}

/// A valid envelope of some type.
fn valid() -> impl Strategy<Value = Value> {
    prop_oneof![
        order().prop_map(|order| envelope("random.order", 2, &json!(order))),
        shape().prop_map(|shape| envelope("random.shape", 1, &json!(shape))),
        tagged().prop_map(|tagged| envelope("random.tagged", 1, &json!(tagged))),
        any::<u64>().prop_map(|id| envelope("random.order", 1, &json!({ "id": id }))),
        any::<String>().prop_map(|text| envelope("random.text", 1, &json!(text))),
    ]
}

/// Sets what is at the `at`th place, counted through the whole document, to `value`.
fn replace(document: &mut Value, at: &mut usize, value: &Value) {
    if *at == 0 {
        *document = value.clone();
    }
    *at = at.wrapping_sub(1);
    match document {
        Value::Array(all) => all.iter_mut().for_each(|inner| replace(inner, at, value)),
        Value::Object(all) => all.values_mut().for_each(|inner| replace(inner, at, value)),
        _ => {}
    }
}

fn places(document: &Value) -> usize {
    1 + match document {
        Value::Array(all) => all.iter().map(places).sum(),
        Value::Object(all) => all.values().map(places).sum(),
        _ => 0,
    }
}

/// An event, or an error that names what it must.
fn is_answered(input: &[u8]) -> Result<(), TestCaseError> {
    let error = match decode(input) {
        Ok(read) => {
            prop_assert!(read.event().info().is_wire() && !read.event().info().is_superseded());
            return Ok(());
        }
        Err(error) => error,
    };
    let text = error.to_string();
    prop_assert!(text.len() < 1500, "{text}");
    prop_assert!(!text.chars().any(char::is_control), "{text}");
    let named = |event: &str, version: u32| {
        text.contains(&format!("`{event}`")) && text.contains(&format!("version {version}"))
    };
    match &error {
        DecodeError::NotJson { line, column, .. } => {
            prop_assert!(
                text.contains(&format!(" at line {line} column {column}")),
                "{text}"
            );
        }
        DecodeError::NotCloudEvent { path, .. } => prop_assert!(text.contains(&**path), "{text}"),
        DecodeError::SpecVersion { found } => prop_assert!(text.contains(&**found), "{text}"),
        DecodeError::UnknownEvent { event, version, .. }
        | DecodeError::UnknownVersion { event, version, .. }
        | DecodeError::Binary { event, version }
        | DecodeError::ContentType { event, version, .. } => {
            prop_assert!(named(event, *version), "{text}");
        }
        DecodeError::Data {
            event,
            version,
            path,
            ..
        }
        | DecodeError::TooDeep {
            event,
            version,
            path,
        } => {
            prop_assert!(named(event, *version), "{text}");
            prop_assert!(path.starts_with("data") && text.contains(&**path), "{text}");
        }
        other => prop_assert!(false, "unexpected: {other}"),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_order_comes_back_as_it_went(order in order()) {
        let of = envelope("random.order", 2, &json!(order));
        prop_assert!(there_and_back(&order, &of));
    }

    #[test]
    fn an_enum_comes_back_as_it_went(shape in shape(), tagged in tagged(), text in any::<String>(), big in any::<(u128, i128)>()) {
        let of = envelope("random.shape", 1, &json!(shape));
        prop_assert!(there_and_back(&shape, &of));
        prop_assert!(there_and_back(&tagged, &of));
        prop_assert!(there_and_back(&Text(text), &of));
        prop_assert!(there_and_back(&Big(big.0, big.1), &of));
    }

    #[test]
    fn an_older_version_becomes_the_newest(id in any::<u64>()) {
        let of = envelope("random.order", 1, &json!({ "id": id }));
        let read = decode(of.to_string().as_bytes()).expect("it is read");
        let order = read.event().downcast_ref::<Order>().expect("the newest");
        prop_assert_eq!(&order.placed_by, &id.to_string());
    }

    /// And has a name as CloudEvents asks for, so that each of its SDKs reads the envelope.
    #[test]
    fn each_extension_is_a_string_or_an_integer_of_32_bits(
        order in order(), text in any::<String>(), depth in any::<u32>(), traced in any::<bool>(),
    ) {
        const OF_CLOUDEVENTS: [&str; 7] =
            ["specversion", "id", "source", "type", "time", "datacontenttype", "data"];
        let mut of = envelope("random.order", 1, &json!({ "id": 7 }));
        of["causaldepth"] = json!(depth);
        of["causationid"] = json!("018f2f3c-1111-7000-8000-000000000000");
        if traced {
            of["traceparent"] = json!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        }
        let read = decode(of.to_string().as_bytes());
        prop_assert_eq!(read.is_ok(), i32::try_from(depth).is_ok(), "{}", depth);
        let Ok(read) = read else {
            return Ok(());
        };
        let meta = read.meta().clone();
        for event in [&order as &dyn AnyEvent, &Text(text)] {
            let written = codec().encode(event, &meta).expect("it is written");
            let written: BTreeMap<String, Value> =
                serde_json::from_str(&written).expect("it is an object");
            prop_assert_eq!(written.contains_key("traceparent"), traced);
            for (name, value) in written {
                if OF_CLOUDEVENTS.contains(&&*name) {
                    continue;
                }
                let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
                prop_assert!(name.len() <= 20 && name.bytes().all(is_name), "{name}");
                let number = value.as_i64().map(i32::try_from);
                let fits = value.is_string() || value.is_boolean() || matches!(number, Some(Ok(_)));
                prop_assert!(fits, "{name}: {value}");
            }
        }
    }

    #[test]
    fn the_partition_key_is_the_text_of_the_key(text in any::<String>()) {
        let of = envelope("random.shape", 1, &json!("Nothing"));
        let read = decode(of.to_string().as_bytes()).expect("it is read");
        let meta = read.meta().clone();
        let event: &dyn AnyEvent = &Text(text.clone());
        let written = codec().encode(event, &meta).expect("it is written");
        let written: Value = serde_json::from_str(&written).expect("it is JSON");
        let key = written.get("partitionkey").and_then(Value::as_str).unwrap_or_default();
        prop_assert_eq!(key, text);
    }

    #[test]
    fn random_bytes_are_answered(input in vec(any::<u8>(), 0..200)) {
        is_answered(&input)?;
    }

    #[test]
    fn random_json_is_answered(value in value(), data in value()) {
        is_answered(value.to_string().as_bytes())?;
        for (event, version) in
            [("random.order", 2), ("random.order", 1), ("random.shape", 1), ("random.tagged", 1)]
        {
            is_answered(envelope(event, version, &data).to_string().as_bytes())?;
        }
    }

    #[test]
    fn an_envelope_with_another_value_somewhere_is_answered(
        valid in valid(), at in any::<proptest::sample::Index>(), value in value(),
    ) {
        prop_assert!(decode(valid.to_string().as_bytes()).is_ok());
        let mut mutated = valid;
        let mut at = at.index(places(&mutated));
        replace(&mut mutated, &mut at, &value);
        is_answered(mutated.to_string().as_bytes())?;
    }

    #[test]
    fn an_envelope_with_another_byte_somewhere_is_answered(
        valid in valid(), at in any::<proptest::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut input = valid.to_string().into_bytes();
        let at = at.index(input.len());
        input[at] = byte;
        is_answered(&input)?;
        input.remove(at);
        is_answered(&input)?;
        input.truncate(at);
        is_answered(&input)?;
    }

    #[test]
    fn an_envelope_without_something_or_with_more_is_answered(
        valid in valid(), key in key(), value in value(),
    ) {
        let mut without = valid.clone();
        without.as_object_mut().expect("an object").remove(&key);
        is_answered(without.to_string().as_bytes())?;
        let mut more = valid;
        more[key] = value;
        is_answered(more.to_string().as_bytes())?;
    }

    #[test]
    fn a_secret_is_in_no_error(order in order(), number in 100_000_000_000_u64.., at in 0..3) {
        let secret = format!("s3cr3t{number}");
        let wrong = match at {
            0 => json!(number),
            1 => json!([secret]),
            _ => json!({ secret.clone(): secret }),
        };
        let mut of = envelope("random.order", 2, &json!(order));
        of["data"]["secret"] = wrong;
        let error = decode(of.to_string().as_bytes()).expect_err("it does not fit");
        let text = format!("{error} {error:?}");
        prop_assert!(!text.contains(&secret) && !text.contains(&number.to_string()), "{text}");
        prop_assert!(text.contains("`data.secret`"), "{text}");
    }
}
