//! Events that leave the process: written, read, upcast and delivered.

mod delivering;
mod errors;
mod foreign_events;
mod forwarding;
mod partition_key;
mod properties;
mod reading;
mod redaction;
mod redaction_errors;
mod unreadable;
mod versions;
mod writing;

use std::collections::BTreeMap;
use std::sync::Mutex;

use event_core::event::Redacted;
use event_core::wire::{Codec, DecodeError, EncodeError, Envelope};
use event_core::{AnyEvent, Event, Meta, handler};
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
