//! Events that leave the process: written, read, upcast and delivered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use event_core::error::ProblemKind;
use event_core::event::Redacted;
use event_core::observer::{EmissionSeen, Observer};
use event_core::queue::Queue;
use event_core::wire::{Codec, CodecError, DecodeError, EncodeError, Envelope};
use event_core::{AnyEvent, Dispatcher, Event, Meta, handler};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Event, Serialize, Deserialize, PartialEq, Clone)]
#[event(name = "wire.order_placed", version = 3, previous = OrderPlacedV2, wire, key = order_id)]
#[event(alias = "wire.order_made")]
#[serde(rename_all = "camelCase")]
struct OrderPlaced {
    order_id: u64,
    lines: Vec<Line>,
    note: Option<String>,
    #[serde(default)]
    upcasts: Vec<u32>,
}

#[derive(Debug, Serialize, Deserialize, PartialEq, Clone)]
struct Line {
    item: String,
    price: u32,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "wire.order_placed", version = 2, previous = OrderMade, wire, superseded)]
#[event(alias = "wire.order_made")]
struct OrderPlacedV2 {
    order: u64,
    upcasts: Vec<u32>,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "wire.order_made", wire, superseded)]
struct OrderMade(u64);

impl From<OrderMade> for OrderPlacedV2 {
    fn from(OrderMade(order): OrderMade) -> Self {
        Self {
            order,
            upcasts: vec![1],
        }
    }
}

impl From<OrderPlacedV2> for OrderPlaced {
    fn from(mut old: OrderPlacedV2) -> Self {
        old.upcasts.push(2);
        Self {
            order_id: old.order,
            lines: Vec::new(),
            note: None,
            upcasts: old.upcasts,
        }
    }
}

#[derive(Event, Serialize, Deserialize, PartialEq)]
#[event(name = "wire.stock_reserved", wire)]
struct StockReserved;

#[derive(Event, Serialize, Deserialize, PartialEq, Clone)]
#[event(name = "wire.payment", wire)]
#[serde(rename_all = "snake_case")]
enum Payment {
    ByCard {
        #[event(redact)]
        number: u64,
        owner: String,
    },
    InCash(i64, f64),
    OnTheHouse,
    Split(Box<Payment>),
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "wire.user_signed_up", wire, key = name)]
struct UserSignedUp {
    #[serde(rename = "user/name")]
    name: String,
    #[event(redact)]
    pin: u16,
    token: Redacted<u64>,
    secrets: Redacted<BTreeMap<String, u64>>,
    #[event(redact)]
    answers: BTreeMap<String, u64>,
    kind: Option<Kind>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Kind {
    Person,
    Company,
}

/// Whose `Deserialize` says what it was given.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "wire.talkative", wire)]
struct Talkative {
    #[event(redact)]
    pin: Loud,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "wire.open", wire)]
struct Open {
    loud: Loud,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
struct Loud(String);

impl TryFrom<String> for Loud {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Err(format!("`{text}` is not loud"))
    }
}

/// Whose serde impls panic.
#[derive(Event)]
#[event(name = "wire.panics", wire)]
struct Panics;

impl Serialize for Panics {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("it does")
    }
}

impl<'de> Deserialize<'de> for Panics {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("it does")
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "wire.tree", wire)]
struct Tree {
    #[serde(skip_serializing)]
    root: Value,
}

#[derive(Event)]
#[event(name = "wire.stays_here")]
struct StaysHere;

#[derive(Event, Serialize, Deserialize)]
#[event(name = "wire.keyed", wire, key = 1)]
struct Keyed(u8, Option<Text>);

#[derive(Debug, Serialize, Deserialize, Hash)]
struct Text(String);

/// With a key behind fields of another struct, so serde writes a map.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "wire.flat", wire, key = place)]
struct Flat {
    #[serde(flatten)]
    inside: Inside,
    #[serde(rename = "~1/place\"")]
    place: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Inside {
    numbers: BTreeMap<u64, Line>,
}

/// Whose `Serialize` fails, at the key or behind it.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "wire.unwritable", wire, key = by_line)]
struct Unwritable {
    by_line: BTreeMap<Option<u8>, u8>,
    rest: BTreeMap<Option<u8>, u8>,
}

const ID: &str = "018f2f3c-1111-7000-8000-0123456789ab";
const ROOT: &str = "018f2f3c-0000-7000-8000-0123456789ab";
const CAUSE: &str = "018f2f3c-0001-7000-8000-0123456789ab";

fn codec() -> Codec {
    Codec::new("https://shop.example/orders").expect("a source")
}

/// An envelope of `event` as someone else writes it.
fn envelope(event: &str, version: u32, data: &Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": ID,
        "source": "/there",
        "type": event,
        "time": "2024-05-01T10:20:30.123456789Z",
        "datacontenttype": "application/json",
        "eventversion": version,
        "correlationid": ROOT,
        "causationid": CAUSE,
        "causaldepth": 4,
        "data": data,
    })
}

fn decode(envelope: &Value) -> Result<Envelope, DecodeError> {
    codec().decode(envelope.to_string().as_bytes())
}

fn refused(envelope: &Value) -> DecodeError {
    decode(envelope).expect_err("it is refused")
}

/// What is wrong with it, without what to type, which `wire_versions.rs` is about.
fn problem(envelope: &Value) -> String {
    let text = refused(envelope).to_string();
    text.split("; ").next().unwrap_or_default().to_owned()
}

fn order(data: &Value) -> Value {
    envelope("wire.order_placed", 3, data)
}

fn sample() -> OrderPlaced {
    OrderPlaced {
        order_id: 7,
        lines: vec![Line {
            item: "täpa \u{1f600} \"x\"".to_owned(),
            price: 995,
        }],
        note: None,
        upcasts: Vec::new(),
    }
}

/// A `Meta` with all that one can have.
fn meta() -> Meta {
    let envelope = envelope("wire.stock_reserved", 1, &Value::Null);
    let envelope = with(envelope, "source", json!("https://shop.example/orders"));
    decode(&envelope).expect("it is decoded").meta().clone()
}

fn with(mut envelope: Value, attribute: &str, value: Value) -> Value {
    envelope[attribute] = value;
    envelope
}

fn without(mut envelope: Value, attribute: &str) -> Value {
    envelope
        .as_object_mut()
        .expect("an object")
        .remove(attribute);
    envelope
}

#[test]
fn an_event_is_written_as_a_cloud_event_with_its_meta() {
    let written = codec().encode(&sample(), &meta()).expect("it is written");
    assert_eq!(
        written,
        format!(
            "{{\"specversion\":\"1.0\",\"id\":\"{ID}\",\
             \"source\":\"https://shop.example/orders\",\"type\":\"wire.order_placed\",\
             \"time\":\"2024-05-01T10:20:30.123456789Z\",\
             \"datacontenttype\":\"application/json\",\"eventversion\":3,\
             \"correlationid\":\"{ROOT}\",\"causationid\":\"{CAUSE}\",\"causaldepth\":4,\
             \"forwardedby\":\"https://shop.example/orders\",\"partitionkey\":\"7\",\
             \"data\":{{\"orderId\":7,\"lines\":[{{\"item\":\"täpa \u{1f600} \\\"x\\\"\",\
             \"price\":995}}],\"note\":null,\"upcasts\":[]}}}}"
        ),
    );
}

#[test]
fn what_was_written_is_read_as_the_same_with_the_same_meta() {
    let written = codec().encode(&sample(), &meta()).expect("it is written");
    let read = codec().decode(written.as_bytes()).expect("it is read");
    assert!(read.event().downcast_ref::<OrderPlaced>() == Some(&sample()));
    assert_eq!(read.meta(), &meta());
    assert_eq!((read.name(), read.version()), ("wire.order_placed", 3));
    assert_eq!(read.source(), "https://shop.example/orders");
    assert_eq!(read.event().info().name(), "wire.order_placed");
}

#[test]
fn every_older_version_becomes_the_newest() {
    let newest = |envelope: &Value| {
        let read = decode(envelope).expect("it is read");
        let event = read
            .event()
            .downcast_ref::<OrderPlaced>()
            .expect("newest")
            .clone();
        (event.order_id, event.upcasts, read.version())
    };
    let v1 = envelope("wire.order_made", 1, &json!(5));
    let v2 = envelope(
        "wire.order_placed",
        2,
        &json!({ "order": 6, "upcasts": [] }),
    );
    assert_eq!(newest(&v1), (5, vec![1, 2], 1));
    assert_eq!(newest(&v2), (6, vec![2], 2));
    assert_eq!(newest(&without(v1, "eventversion")), (5, vec![1, 2], 1));
}

#[test]
fn an_alias_is_accepted_in_each_version_and_the_name_is_kept_as_written() {
    let data = json!({ "orderId": 1, "lines": [], "note": null });
    let read = decode(&envelope("wire.order_made", 3, &data)).expect("it is read");
    assert!(read.event().is::<OrderPlaced>());
    assert_eq!(read.name(), "wire.order_made");
    let data = json!({ "order": 6, "upcasts": [] });
    let read = decode(&envelope("wire.order_made", 2, &data)).expect("it is read");
    assert!(read.event().is::<OrderPlaced>());
}

#[test]
fn the_partition_key_is_the_value_of_the_key_under_the_name_that_serde_gives_it() {
    let key = |event: &dyn AnyEvent| {
        let written = codec().encode(event, &meta()).expect("it is written");
        let written: Value = serde_json::from_str(&written).expect("it is JSON");
        written.get("partitionkey").cloned()
    };
    let user = |name: &str| UserSignedUp {
        name: name.to_owned(),
        pin: 1,
        token: Redacted::new(2),
        secrets: Redacted::default(),
        answers: BTreeMap::new(),
        kind: Some(Kind::Company),
    };
    assert_eq!(key(&user("Ada \"\n")), Some(json!("Ada \"\n")));
    assert_eq!(key(&user("null")), Some(json!("null")));
    assert_eq!(key(&user("")), None);
    assert_eq!(key(&Keyed(1, Some(Text("b".to_owned())))), Some(json!("b")));
    assert_eq!(key(&Keyed(1, None)), None);
    assert_eq!(key(&StockReserved), None);
    let flat = |place: Option<&str>| {
        let price = Line {
            item: "~1/place\"".to_owned(),
            price: 1,
        };
        Flat {
            inside: Inside {
                numbers: BTreeMap::from([(0, price)]),
            },
            place: place.map(ToOwned::to_owned),
        }
    };
    assert_eq!(key(&flat(Some("täpa"))), Some(json!("täpa")));
    assert_eq!(key(&flat(None)), None);
}

#[test]
fn an_event_whose_serialize_fails_is_not_written() {
    let fine = || BTreeMap::from([(Some(1), 1)]);
    let broken = || BTreeMap::from([(None, 1)]);
    for (by_line, rest) in [(broken(), fine()), (fine(), broken())] {
        let error = codec()
            .encode(&Unwritable { by_line, rest }, &meta())
            .expect_err("no key of JSON");
        assert_eq!(
            error.to_string(),
            "cannot write `wire.unwritable` version 1"
        );
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[test]
fn redacted_values_are_raw_on_the_wire_and_masked_everywhere_else() {
    let user = UserSignedUp {
        name: "ada".to_owned(),
        pin: 4711,
        token: Redacted::new(814_543_219),
        secrets: Redacted::new(BTreeMap::from([("maiden".to_owned(), 271_828)])),
        answers: BTreeMap::from([("kitty".to_owned(), 314_159)]),
        kind: Some(Kind::Person),
    };
    let secrets = ["4711", "814543219", "maiden", "271828", "kitty", "314159"];
    let written = codec().encode(&user, &meta()).expect("it is written");
    let read = codec().decode(written.as_bytes()).expect("it is read");
    let json = read.event().json().expect("it is wire").to_string();
    let debug = format!("{:?} {read:?} {read:#?}", read.event());
    for secret in secrets {
        assert!(written.contains(secret), "{written}");
        assert!(!json.contains(secret), "{json}");
        assert!(!debug.contains(secret), "{debug}");
    }
}

#[test]
fn an_error_shows_no_value_of_the_data() {
    let fine = json!({
        "user/name": "ada", "pin": 1, "token": 2, "secrets": {}, "answers": {}, "kind": "Person",
    });
    let broken = |field: &str, value: Value| {
        let data = with(fine.clone(), field, value);
        problem(&envelope("wire.user_signed_up", 1, &data))
    };
    let start = "`wire.user_signed_up` version 1 does not fit at ";
    let expected = [
        (
            "pin",
            json!("4711"),
            "`data.pin`: invalid type: string, expected u16",
        ),
        (
            "pin",
            json!(314_159),
            "`data.pin`: invalid value: integer, expected u16",
        ),
        (
            "token",
            json!("4711"),
            "`data.token`: invalid type: string, expected u64",
        ),
        (
            "secrets",
            json!({ "hunter2": "4711" }),
            "`data.secrets`: invalid type: string, expected u64",
        ),
        (
            "answers",
            json!({ "hunter2": ", expected x" }),
            "`data.answers`: invalid type: string, expected u64",
        ),
        (
            "kind",
            json!("4711"),
            "`data.kind`: unknown variant, expected `Person` or `Company`",
        ),
    ];
    for (field, value, text) in expected {
        assert_eq!(broken(field, value), format!("{start}{text}"));
    }
    let data = without(fine, "pin");
    assert_eq!(
        problem(&envelope("wire.user_signed_up", 1, &data)),
        format!("{start}`data`: missing field `pin`"),
    );
    let talkative = refused(&envelope("wire.talkative", 1, &json!({ "pin": "hunter2" })));
    assert!(!format!("{talkative} {talkative:?}").contains("hunter2"));
    // Nothing is redacted here, and the type's own words are the best there are.
    assert_eq!(
        refused(&envelope("wire.open", 1, &json!({ "loud": "a whisper" }))).to_string(),
        "`wire.open` version 1 does not fit at `data.loud`: `a whisper` is not loud",
    );
}

#[test]
fn data_that_does_not_fit_says_event_version_and_path() {
    let data = json!({ "orderId": 1, "note": null, "lines": [
        { "item": "a", "price": 1 }, { "item": "b", "price": 2 }, { "item": "c", "price": "3" },
    ] });
    assert_eq!(
        problem(&order(&data)),
        "`wire.order_placed` version 3 does not fit at `data.lines[2].price`: invalid type: string, \
         expected u32",
    );
    assert_eq!(
        problem(&envelope("wire.order_placed", 2, &json!({}))),
        "`wire.order_placed` version 2 does not fit at `data`: missing field `order`",
    );
    assert_eq!(
        refused(&without(order(&Value::Null), "data")).to_string(),
        "`wire.order_placed` version 3 does not fit at `data`: invalid type: null, expected struct \
         OrderPlaced",
    );
    assert_eq!(
        problem(&envelope(
            "wire.payment",
            1,
            &json!({ "split": { "in_cash": [1, "x"] } })
        )),
        "`wire.payment` version 1 does not fit at `data.split.in_cash[1]`: invalid type: string, \
         expected f64",
    );
}

#[test]
fn an_unknown_event_or_version_says_which_are_known() {
    assert_eq!(
        refused(&envelope("wire.order_plcaed", 3, &Value::Null)).to_string(),
        "no linked event is named `wire.order_plcaed` (version 3); did you mean \
         `wire.order_placed`?",
    );
    assert_eq!(
        refused(&envelope("bank.paid_out", 1, &Value::Null)).to_string(),
        "no linked event is named `bank.paid_out` (version 1); link the crate that declares it, or \
         add the name as an `alias` to the event that has another now",
    );
    for (event, version, text) in [
        ("wire.order_placed", 9, "known are 1, 2 and 3; "),
        ("wire.stock_reserved", 0, "known is 1; "),
    ] {
        let text = format!("version {version} of `{event}` is not known; {text}");
        let said = refused(&envelope(event, version, &Value::Null)).to_string();
        assert!(said.starts_with(&text), "{said}");
    }
    // It has a name and is not `wire`.
    assert!(matches!(
        refused(&envelope("wire.stays_here", 1, &Value::Null)),
        DecodeError::UnknownEvent { .. }
    ));
}

#[test]
fn what_is_no_cloud_event_says_which_attribute_is_wrong() {
    let fine = envelope("wire.stock_reserved", 1, &Value::Null);
    assert!(decode(&fine).is_ok());
    let start = "the input is not a CloudEvent: ";
    let broken = [
        (without(fine.clone(), "id"), "`id`: it is missing"),
        (without(fine.clone(), "source"), "`source`: it is missing"),
        (without(fine.clone(), "type"), "`type`: it is missing"),
        (
            without(fine.clone(), "specversion"),
            "`specversion`: it is missing",
        ),
        (with(fine.clone(), "id", json!(null)), "`id`: it is missing"),
        (with(fine.clone(), "id", json!("")), "`id`: it is empty"),
        (
            with(fine.clone(), "id", json!(5)),
            "`id`: invalid type: integer, expected a string",
        ),
        (
            with(fine.clone(), "type", json!(["wire.order_placed"])),
            "`type`: invalid type: sequence, expected a string",
        ),
        (
            with(fine.clone(), "time", json!("yesterday")),
            "`time`: it is no time as RFC 3339 writes it",
        ),
        (
            with(fine.clone(), "eventversion", json!(-1)),
            "`eventversion`: invalid type: integer, expected an integer from 0 to 2147483647",
        ),
        (
            with(fine.clone(), "causaldepth", json!("deep")),
            "`causaldepth`: invalid value: string, expected an integer from 0 to 2147483647",
        ),
        (
            with(fine.clone(), "causaldepth", json!(1_u32 << 31)),
            "`causaldepth`: invalid value: integer, expected an integer from 0 to 2147483647",
        ),
        (
            with(fine.clone(), "eventversion", json!("2147483648")),
            "`eventversion`: invalid value: string, expected an integer from 0 to 2147483647",
        ),
        (json!([fine]), "it is no JSON object"),
        (json!("1.0"), "it is no JSON object"),
    ];
    for (envelope, text) in broken {
        assert_eq!(refused(&envelope).to_string(), format!("{start}{text}"));
    }
    assert_eq!(
        refused(&with(fine.clone(), "specversion", json!("0.3"))).to_string(),
        "`specversion` is `0.3`, and only `1.0` is read",
    );
    let twice = fine.to_string().replacen('{', "{\"id\":\"x\",", 1);
    assert_eq!(
        codec()
            .decode(twice.as_bytes())
            .expect_err("twice")
            .to_string(),
        format!("{start}duplicate field `id`"),
    );
}

#[test]
fn attributes_of_others_are_ignored_and_null_is_as_good_as_nothing() {
    let fine = envelope("wire.stock_reserved", 1, &Value::Null);
    let more = with(fine.clone(), "traceparent", json!({ "a": [1, 2] }));
    let more = with(more, "datacontenttype", Value::Null);
    let more = with(more, "causationid", Value::Null);
    let read = decode(&with(more, "causaldepth", json!("7"))).expect("it is read");
    assert_eq!((read.meta().causation(), read.meta().depth()), (None, 7));
}

#[test]
fn only_json_data_is_read() {
    let fine = envelope("wire.stock_reserved", 1, &Value::Null);
    for json in [
        "application/json; charset=utf-8",
        "text/json",
        "application/Order+JSON",
    ] {
        assert!(
            decode(&with(fine.clone(), "datacontenttype", json.into())).is_ok(),
            "{json}"
        );
    }
    for other in ["application/xml", "json", "", "application/json-seq"] {
        assert_eq!(
            refused(&with(fine.clone(), "datacontenttype", other.into())).to_string(),
            format!(
                "the data of `wire.stock_reserved` version 1 is `{other}` (`datacontenttype`); only \
                 JSON is read"
            ),
        );
    }
    assert_eq!(
        refused(&with(
            without(fine, "data"),
            "data_base64",
            json!("bnVsbA==")
        ))
        .to_string(),
        "the data of `wire.stock_reserved` version 1 is binary (`data_base64`); only JSON is read",
    );
}

#[test]
fn an_id_that_is_no_uuid_becomes_one_that_is_always_the_same() {
    let fine = envelope("wire.stock_reserved", 1, &Value::Null);
    let id = |source: &str, id: &str| {
        let envelope = with(with(fine.clone(), "id", id.into()), "source", source.into());
        decode(&envelope).expect("it is read").meta().id()
    };
    assert_eq!(id("/a", "order-1"), id("/a", "order-1"));
    assert_ne!(id("/a", "order-1"), id("/a", "order-2"));
    assert_ne!(id("/a", "order-1"), id("/b", "order-1"));
    assert_eq!(id("/a", "order-1").get_version_num(), 5);
    let root = with(without(fine, "causationid"), "id", json!("order-1"));
    let read = decode(&with(root, "correlationid", json!("order-1"))).expect("it is read");
    let meta = read.meta();
    assert_eq!((meta.correlation(), meta.causation()), (meta.id(), None));
}

#[test]
fn without_a_time_it_is_that_of_the_id() {
    let fine = envelope("wire.stock_reserved", 1, &Value::Null);
    let read = decode(&without(fine.clone(), "time")).expect("it is read");
    let since = read.meta().time().duration_since(SystemTime::UNIX_EPOCH);
    assert_eq!(since.expect("later").as_millis(), 0x018f_2f3c_1111);
    let before = SystemTime::now();
    let read = decode(&with(without(fine, "time"), "id", json!("x"))).expect("it is read");
    assert!(read.meta().time() >= before);
}

#[test]
fn times_before_the_epoch_and_with_offsets_are_read() {
    let fine = envelope("wire.stock_reserved", 1, &Value::Null);
    let time = |text: &str| {
        let read = decode(&with(fine.clone(), "time", text.into())).expect("it is read");
        read.meta().clone()
    };
    let before = time("1969-12-31T23:59:59Z");
    assert_eq!(
        before.time(),
        SystemTime::UNIX_EPOCH - Duration::from_secs(1)
    );
    let written = codec()
        .encode(&StockReserved, &before)
        .expect("it is written");
    assert!(written.contains("\"time\":\"1969-12-31T23:59:59Z\""));
    assert_eq!(
        time("2024-05-01T12:00:00+02:00").time(),
        time("2024-05-01T10:00:00Z").time(),
    );
}

#[test]
fn a_time_without_a_year_of_four_digits_is_not_written() {
    let seconds = Duration::from_secs;
    let no_such_year = [
        SystemTime::UNIX_EPOCH + seconds(400_000_000_000),
        SystemTime::UNIX_EPOCH - seconds(63_000_000_000),
    ];
    for time in no_such_year {
        let dispatcher = Dispatcher::builder()
            .only(write_down)
            .clock(move || time)
            .provide(codec())
            .provide(Written::default())
            .build()
            .expect("wired");
        let report = dispatcher.emit(StockReserved);
        assert_eq!(
            report.failures()[0]
                .error()
                .map(ToString::to_string)
                .as_deref(),
            Some(
                "cannot write `wire.stock_reserved` version 1: its time is not in the years 0 to 9999"
            ),
        );
    }
}

#[test]
fn an_event_that_is_not_wire_or_is_too_large_or_panics_is_not_written() {
    let error = codec().encode(&StaysHere, &meta()).expect_err("not wire");
    assert_eq!(
        error.to_string(),
        "`wire.stays_here` is not `wire`; add `#[event(wire)]` and the serde derives to it",
    );
    let small = codec().size_limit(300);
    let error = small.encode(&sample(), &meta()).expect_err("too large");
    assert!(
        matches!(
            error,
            EncodeError::TooLarge {
                limit: 300,
                version: 3,
                ..
            }
        ),
        "{error}"
    );
    let error = codec().encode(&Panics, &meta()).expect_err("it panics");
    assert_eq!(
        error.to_string(),
        "writing `wire.panics` version 1 panicked"
    );
}

#[test]
fn a_type_that_panics_while_it_is_read_is_an_error() {
    assert_eq!(
        refused(&envelope("wire.panics", 1, &Value::Null)).to_string(),
        "reading `wire.panics` version 1 panicked",
    );
}

#[test]
fn what_is_larger_than_the_limit_is_not_parsed() {
    // Neither JSON nor UTF-8, of which nothing is said.
    let input = vec![0xff; 64 << 20];
    assert_eq!(
        codec().decode(&input).expect_err("too large").to_string(),
        "the input is 67108864 bytes, and the limit is 1048576; `codec.size_limit(bytes)` sets \
         another",
    );
    let fine = order(&json!({ "orderId": 1, "lines": [] })).to_string();
    let exactly = codec().size_limit(fine.len());
    assert!(exactly.decode(fine.as_bytes()).is_ok());
    let less = codec().size_limit(fine.len() - 1);
    assert!(matches!(
        less.decode(fine.as_bytes()),
        Err(DecodeError::TooLarge { .. })
    ));
}

#[test]
fn deep_nesting_is_an_error_or_ignored_and_never_overflows() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}0{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    for deep in [&deep, &objects] {
        let of = |attribute: &str, event: &str, inside: &str| {
            format!(
                "{{\"{attribute}\":{inside},\"specversion\":\"1.0\",\"source\":\"/a\",\
                 \"id\":\"{ID}\",\"type\":\"{event}\"}}"
            )
        };
        let tree = of("data", "wire.tree", &format!("{{\"root\":{deep}}}"));
        let error = codec().decode(tree.as_bytes()).expect_err("too deep");
        assert!(matches!(error, DecodeError::TooDeep { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.starts_with("`wire.tree` version 1 is nested too deep at `data.root"),
            "{text}"
        );
        assert!(text.len() < 300, "{text}");
        let wrong = of("data", "wire.order_placed", deep);
        assert!(codec().decode(wrong.as_bytes()).is_err());
        let extension = of("theirs", "wire.stock_reserved", deep);
        assert!(codec().decode(extension.as_bytes()).is_ok());
        let attribute = of("time", "wire.stock_reserved", deep);
        assert!(codec().decode(attribute.as_bytes()).is_err());
        assert!(codec().decode(deep.as_bytes()).is_err());
        assert!(codec().decode(&deep.as_bytes()[..9_999]).is_err());
    }
}

#[test]
fn an_envelope_that_is_cut_off_anywhere_says_that_it_is_not_json() {
    let written = codec().encode(&sample(), &meta()).expect("it is written");
    for end in 0..written.len() {
        let error = codec()
            .decode(&written.as_bytes()[..end])
            .expect_err("cut off");
        assert!(
            matches!(error, DecodeError::NotJson { .. }),
            "{end}: {error}"
        );
        assert!(
            error.to_string().contains(" at line 1 column "),
            "{end}: {error}"
        );
    }
    let more = format!("{written} x");
    assert!(matches!(
        codec().decode(more.as_bytes()),
        Err(DecodeError::NotJson { .. })
    ));
}

#[test]
fn what_is_not_utf_8_says_where() {
    assert_eq!(
        codec()
            .decode(b"{\n\"id\": \"\xff\"}")
            .expect_err("not UTF-8")
            .to_string(),
        "the input is not JSON: it is not UTF-8 at line 2 column 8",
    );
}

#[test]
fn an_error_does_not_grow_with_its_input() {
    let long = "x\n".repeat(100_000);
    let map = json!({ "orderId": 1, "lines": long });
    for envelope in [
        envelope(&long, 1, &Value::Null),
        with(order(&map), "specversion", long.clone().into()),
        with(order(&map), "datacontenttype", long.clone().into()),
        with(order(&map), "time", long.clone().into()),
        order(&map),
        envelope("wire.open", 1, &json!({ "loud": long })),
        envelope("wire.payment", 1, &json!({ long.clone(): 1 })),
    ] {
        let text = refused(&envelope).to_string();
        assert!(text.len() < 500 && !text.contains('\n'), "{text}");
    }
    assert!(Codec::new(&long).expect_err("no URI").to_string().len() < 500);
}

#[test]
fn a_source_is_a_uri_reference() {
    for source in [
        "https://shop.example/orders",
        "/orders",
        "urn:shop:1",
        "orders#1",
    ] {
        assert!(Codec::new(source).is_ok(), "{source}");
    }
    for source in ["", "my shop", "/a%zz", "1a:b", "täpa"] {
        let error = Codec::new(source).expect_err(source);
        assert_eq!(
            error,
            CodecError::Source {
                source_text: source.to_owned()
            },
        );
    }
    assert_eq!(
        Codec::new("my shop").expect_err("a space").to_string(),
        "`my shop` cannot be the source of events: it is no URI reference; write one such as \
         `https://shop.example/orders` or `/orders`",
    );
}

// Delivering.

/// What handlers saw, with the `Meta` they saw it with.
#[derive(Default)]
struct Written(Mutex<Vec<(String, Meta)>>);

impl Written {
    fn take(&self) -> Vec<(String, Meta)> {
        std::mem::take(&mut self.0.lock().expect("not poisoned"))
    }

    fn write(&self, what: &str, meta: Meta) {
        self.0
            .lock()
            .expect("not poisoned")
            .push((what.to_owned(), meta));
    }
}

static SLOWLY: Queue = Queue::new("wire slowly");

#[handler]
fn reserve(_event: &OrderPlaced, written: &Written, meta: Meta) -> StockReserved {
    written.write("inline", meta);
    StockReserved
}

#[handler]
async fn notify(_event: &OrderPlaced, written: &Written, meta: Meta) {
    tokio::task::yield_now().await;
    written.write("async", meta);
}

#[handler(queue = SLOWLY)]
fn store(_event: &OrderPlaced, written: &Written, meta: Meta) {
    written.write("queued", meta);
}

#[handler]
fn caused(_event: &StockReserved, written: &Written, meta: Meta) {
    written.write("caused", meta);
}

#[handler]
fn write_down(
    event: &dyn AnyEvent,
    codec: &Codec,
    written: &Written,
    meta: Meta,
) -> Result<(), EncodeError> {
    let envelope = codec.encode(event, &meta)?;
    written.write(&envelope, meta);
    Ok(())
}

fn arrived() -> Envelope {
    decode(&order(&json!({ "orderId": 1, "lines": [] }))).expect("it is read")
}

#[test]
fn a_delivered_event_keeps_its_meta_and_what_it_causes_descends_from_it() {
    let written = Arc::new(Written::default());
    let dispatcher = Dispatcher::builder()
        .only(reserve)
        .only(caused)
        .provide_arc(written.clone())
        .build()
        .expect("wired");
    let envelope = arrived();
    for _ in 0..2 {
        let report = dispatcher.deliver(&envelope);
        assert_eq!((report.done(), report.events()), (2, 2));
        let seen = written.take();
        assert_eq!(seen[0], ("inline".to_owned(), envelope.meta().clone()));
        let caused = &seen[1].1;
        assert_eq!(caused.causation(), Some(envelope.meta().id()));
        assert_eq!(caused.correlation(), envelope.meta().correlation());
        assert_eq!(caused.depth(), 5);
    }
}

#[tokio::test]
async fn queued_and_async_handlers_of_a_delivered_event_see_its_meta() {
    let written = Arc::new(Written::default());
    let dispatcher = Dispatcher::builder()
        .only(notify)
        .only(store)
        .provide_arc(written.clone())
        .build()
        .expect("wired");
    let envelope = arrived();
    let expected = ["async", "queued"].map(|what| (what.to_owned(), envelope.meta().clone()));
    let mut all = Vec::new();
    let report = dispatcher.deliver_async(&envelope).await;
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(report.done(), 1);
    dispatcher.queue(&SLOWLY).join().await;
    all.push(written.take());
    let report = dispatcher.deliver_async(&envelope).shielded().await;
    assert_eq!(report.done(), 1);
    dispatcher.queue(&SLOWLY).join().await;
    all.push(written.take());
    assert!(dispatcher.deliver(&envelope).is_ok());
    let shutdown = dispatcher.shutdown(Duration::from_mins(1)).await;
    assert!(shutdown.is_complete(), "{shutdown:?}");
    all.push(written.take());
    for mut seen in all {
        seen.sort_by(|left, right| left.0.cmp(&right.0));
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
async fn a_subscription_that_wants_an_arc_of_a_delivered_event_gets_it() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let envelope = arrived();
    let address = std::ptr::from_ref(
        envelope
            .event()
            .downcast_ref::<OrderPlaced>()
            .expect("newest"),
    ) as usize;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let seeing = Arc::clone(&seen);
    let _guard = dispatcher.subscribe_async(move |event: Arc<OrderPlaced>| {
        let seeing = Arc::clone(&seeing);
        async move {
            seeing
                .lock()
                .expect("not poisoned")
                .push(Arc::as_ptr(&event) as usize);
        }
    });
    assert_eq!(dispatcher.deliver_async(&envelope).await.done(), 1);
    assert_eq!(*seen.lock().expect("not poisoned"), [address]);
}

#[test]
fn an_event_deeper_than_the_limit_is_not_delivered() {
    let build = |limit| {
        Dispatcher::builder()
            .only(caused)
            .provide(Written::default())
            .depth_limit(limit)
            .build()
            .expect("wired")
    };
    let envelope = decode(&envelope("wire.stock_reserved", 1, &Value::Null)).expect("it is read");
    assert_eq!(build(4).deliver(&envelope).done(), 1);
    let reports = [
        build(3).deliver(&envelope),
        pollster::block_on(build(3).deliver_async(&envelope)),
    ];
    for report in reports {
        assert_eq!(
            (report.done(), report.events(), report.not_emitted()),
            (0, 0, 1)
        );
        assert!(!report.is_ok());
        assert_eq!(report.failures()[0].event().name(), "wire.stock_reserved");
    }
}

#[derive(Default)]
struct Watcher(Mutex<Vec<(String, Meta)>>);

impl Observer for Watcher {
    fn emission_started(&self, emission: &EmissionSeen<'_>) {
        let seen = (emission.event().name().to_owned(), emission.meta().clone());
        self.0.lock().expect("not poisoned").push(seen);
    }
}

#[test]
fn an_observer_sees_the_meta_of_a_delivered_event() {
    let watcher = Arc::new(Watcher::default());
    let dispatcher = Dispatcher::builder()
        .only(reserve)
        .provide(Written::default())
        .observe(watcher.clone())
        .build()
        .expect("wired");
    let envelope = arrived();
    dispatcher.deliver(&envelope);
    let seen = watcher.0.lock().expect("not poisoned");
    assert_eq!(
        seen[0],
        ("wire.order_placed".to_owned(), envelope.meta().clone())
    );
    assert_eq!(seen[1].0, "wire.stock_reserved");
    assert_eq!(seen[1].1.causation(), Some(envelope.meta().id()));
}

#[test]
fn a_delivery_inside_of_itself_ends_at_the_limit() {
    let dispatcher = Dispatcher::empty().depth_limit(20).build().expect("wired");
    let root = without(
        envelope("wire.stock_reserved", 1, &Value::Null),
        "causaldepth",
    );
    let envelope = decode(&root).expect("it is read");
    let calls = Arc::new(AtomicUsize::new(0));
    let (handle, again, calling) = (dispatcher.handle(), envelope.clone(), calls.clone());
    let _guard = dispatcher.subscribe(move |_: &StockReserved| {
        calling.fetch_add(1, Ordering::Relaxed);
        if let Ok(dispatcher) = handle.get() {
            dispatcher.deliver(&again);
        }
    });
    let report = dispatcher.deliver(&envelope);
    assert!(!report.is_ok());
    assert_eq!(calls.load(Ordering::Relaxed), 21);
}

#[test]
fn an_event_of_any_depth_is_refused_without_a_panic() {
    let deepest = with(
        envelope("wire.stock_reserved", 1, &Value::Null),
        "causaldepth",
        i32::MAX.into(),
    );
    let dispatcher = Dispatcher::builder()
        .only(caused)
        .provide(Written::default())
        .build()
        .expect("wired");
    let report = dispatcher.deliver(&decode(&deepest).expect("it is read"));
    assert_eq!((report.done(), report.failures().len()), (0, 1));
    // The next root starts from the ground.
    assert_eq!(dispatcher.emit(StockReserved).done(), 1);
}

#[test]
fn an_older_version_is_delivered_to_the_handlers_of_the_newest() {
    let written = Arc::new(Written::default());
    let dispatcher = Dispatcher::builder()
        .only(reserve)
        .provide_arc(written.clone())
        .build()
        .expect("wired");
    let old = decode(&envelope("wire.order_made", 1, &json!(5))).expect("it is read");
    assert_eq!(dispatcher.deliver(&old).done(), 1);
    assert_eq!(written.take().len(), 1);
}

#[test]
fn a_closed_dispatcher_delivers_nothing_and_says_so() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let _ = dispatcher.shutdown_blocking(Duration::ZERO);
    let report = dispatcher.deliver(&arrived());
    assert!(report.closed());
    assert_eq!(report.not_emitted(), 1);
}

#[test]
fn what_a_catch_all_writes_can_be_delivered_elsewhere() {
    let written = Arc::new(Written::default());
    let here = Dispatcher::builder()
        .only(write_down)
        .provide(codec())
        .provide_arc(written.clone())
        .build()
        .expect("wired");
    here.emit(sample());
    let (text, meta) = written.take().remove(0);
    let envelope = codec().decode(text.as_bytes()).expect("it is read");
    assert_eq!(*envelope.meta(), meta);
    assert_eq!(meta.id().get_version_num(), 7);
}

#[test]
fn the_linked_versions_and_aliases_build() {
    let build = Dispatcher::builder()
        .provide(codec())
        .provide(Written::default());
    let error = build.build().expect_err("the async handler has no runtime");
    let kinds: Vec<_> = error
        .problems()
        .iter()
        .map(event_core::error::Problem::kind)
        .collect();
    assert!(
        kinds
            .iter()
            .all(|kind| *kind == ProblemKind::MissingRuntime),
        "{error}"
    );
}
