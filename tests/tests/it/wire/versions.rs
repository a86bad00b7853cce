//! What was written by a program of another version: read, or refused with what to type.

use std::collections::BTreeMap;

use event_core::wire::{DecodeError, Envelope};
use event_core::{Dispatcher, Event, Meta, handler};
use event_tests::codec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// To which `note` was added, which data of version 2 may lack.
#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
#[event(name = "versions.order_placed", version = 2, previous = OrderPlacedV1, wire)]
struct OrderPlaced {
    order_id: u64,
    note: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "versions.order_placed", wire, superseded)]
struct OrderPlacedV1 {
    order_id: u64,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    price: u32,
}

impl From<OrderPlacedV1> for OrderPlaced {
    fn from(old: OrderPlacedV1) -> Self {
        Self {
            order_id: old.order_id,
            note: format!("{} lines", old.lines.len()),
        }
    }
}

/// Which refuses what it does not have.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "versions.stock_reserved", wire)]
#[serde(deny_unknown_fields)]
struct StockReserved {
    order_id: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "versions.paid", wire)]
struct Paid(u64, String, Method);

#[derive(Debug, Serialize, Deserialize)]
enum Method {
    Card,
    Cash,
}

/// Nothing older than version 4 exists, it says.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "versions.sent", version = 4, no_previous, wire)]
struct SentV4 {
    order_id: u64,
}

/// Whose newer versions only add.
#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
#[event(name = "versions.seen", version = 3, previous = SeenV2, reads_newer, wire)]
#[event(alias = "versions.noticed")]
struct Seen {
    order_id: u64,
    by: Who,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "versions.seen", version = 2, no_previous, wire, superseded)]
#[event(alias = "versions.spotted")]
struct SeenV2 {
    order_id: u64,
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
enum Who {
    Clerk,
    Customer,
}

impl From<SeenV2> for Seen {
    fn from(old: SeenV2) -> Self {
        Self {
            order_id: old.order_id,
            by: Who::Clerk,
        }
    }
}

/// The same, but it keeps what it does not know.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "versions.kept", reads_newer, wire)]
struct Kept {
    order_id: u64,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// The same, but it refuses that.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "versions.strict", reads_newer, wire)]
#[serde(deny_unknown_fields)]
struct Strict {
    order_id: u64,
}

fn envelope(event: &str, version: u32, data: &Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": "018f2f3c-1111-7000-8000-0123456789ab",
        "source": "/there",
        "type": event,
        "eventversion": version,
        "data": data,
    })
}

fn decode(event: &str, version: u32, data: &Value) -> Result<Envelope, DecodeError> {
    codec().decode(envelope(event, version, data).to_string().as_bytes())
}

fn refused(event: &str, version: u32, data: &Value) -> String {
    decode(event, version, data)
        .expect_err("it is refused")
        .to_string()
}

// --- What to type ----------------------------------------------------------------------------

#[test]
fn data_of_an_event_that_was_changed_without_a_version_says_what_to_type() {
    let line = json!({ "order_id": 7, "lines": [{}] });
    let cases = [
        (
            "versions.order_placed",
            2,
            json!({ "order_id": 7 }),
            "at `data`: missing field `note`; if `note` was added, write `#[serde(default)]` above \
             `note`; or keep the struct of version 2 as `OrderPlacedV2`, and write `version = 3, \
             previous = OrderPlacedV2` on `OrderPlaced`",
        ),
        (
            "versions.order_placed",
            1,
            line,
            "at `data.lines[0]`: missing field `price`; `OrderPlacedV1` is to stay as version 1 was \
             written: write `#[serde(default)]` above `price`",
        ),
        (
            "versions.order_placed",
            1,
            json!({ "order_id": "7", "lines": [] }),
            "at `data.order_id`: invalid type: string, expected u64; `OrderPlacedV1` is to stay as \
             version 1 was written",
        ),
        (
            "versions.stock_reserved",
            1,
            json!({ "order_id": 7, "shelf": 3 }),
            "at `data.shelf`: unknown field, expected `order_id`; if a field was removed, remove \
             `#[serde(deny_unknown_fields)]`; or keep the struct of version 1 as `StockReservedV1`, \
             and write `version = 2, previous = StockReservedV1` on `StockReserved`",
        ),
        (
            "versions.paid",
            1,
            json!([7, "euro"]),
            "at `data`: invalid length 2, expected tuple struct Paid with 3 elements; if an element \
             was added, write `#[serde(default)]` before it; or keep the struct of version 1 as \
             `PaidV1`, and write `version = 2, previous = PaidV1` on `Paid`",
        ),
        (
            "versions.paid",
            1,
            json!([7, "euro", "Cheque"]),
            "at `data[2]`: unknown variant, expected `Card` or `Cash`; if a variant was removed or \
             renamed, write `#[serde(alias = \"…\")]` above the one that has its place; or keep the \
             struct of version 1 as `PaidV1`, and write `version = 2, previous = PaidV1` on `Paid`",
        ),
        (
            "versions.sent",
            4,
            json!({ "order_id": -7 }),
            "at `data.order_id`: invalid value: integer, expected u64; if its type was changed, keep \
             the struct of version 4 as `SentV4`, and write `version = 5, previous = SentV4` on \
             `SentV4`",
        ),
    ];
    for (event, version, data, text) in cases {
        let start = format!("`{event}` version {version} does not fit ");
        assert_eq!(refused(event, version, &data), start + text);
    }
    // Where all of it is something else, no change of the type explains it.
    assert_eq!(
        refused("versions.order_placed", 2, &json!(7)),
        "`versions.order_placed` version 2 does not fit at `data`: invalid type: integer, expected \
         struct OrderPlaced",
    );
}

#[test]
fn a_version_that_is_not_known_says_what_to_type() {
    let cases = [
        (
            "versions.sent",
            3,
            "known is 4; it is older than `SentV4`, which has no `previous`: add `previous = SentV3` to \
             it, with the struct of version 3 under that name",
        ),
        (
            "versions.sent",
            1,
            "known is 4; it is older than `SentV4`, which has no `previous`: add `previous = SentV3` to \
             it, with the struct of version 3 under that name, and so on down to version 1",
        ),
        (
            "versions.seen",
            1,
            "known are 2 and 3; it is older than `SeenV2`, which has no `previous`: add `previous = \
             SeenV1` to it, with the struct of version 1 under that name",
        ),
        (
            "versions.order_placed",
            3,
            "known are 1 and 2; it is newer than `OrderPlaced`: give this program version 3 before \
             others write it; or, if newer versions only add what it can ignore, add `reads_newer` to \
             `#[event(...)]` of `OrderPlaced`",
        ),
        (
            "versions.spotted",
            9,
            "known is 2; `Seen` has another name since version 3: add `alias = \"versions.spotted\"` \
             to it",
        ),
        (
            "versions.order_placed",
            0,
            "known are 1 and 2; versions count from 1",
        ),
    ];
    for (event, version, text) in cases {
        let start = format!("version {version} of `{event}` is not known; ");
        assert_eq!(refused(event, version, &Value::Null), start + text);
    }
}

// --- Newer versions --------------------------------------------------------------------------

#[derive(Default)]
struct Read(std::sync::Mutex<Vec<(u64, Meta)>>);

#[handler]
fn see(event: &Seen, meta: Meta, read: &Read) {
    let mut read = read.0.lock().expect("no test panics in here");
    read.push((event.order_id, meta));
}

#[test]
fn an_event_that_reads_newer_versions_reads_them_as_its_own_and_the_envelope_says_which_it_was() {
    let data = json!({ "order_id": 7, "by": "Customer", "where": "shop" });
    for name in ["versions.seen", "versions.noticed"] {
        let read = decode(name, 9, &data).expect("it is read");
        let seen = Seen {
            order_id: 7,
            by: Who::Customer,
        };
        assert_eq!(read.event().downcast_ref(), Some(&seen));
        assert_eq!((read.name(), read.version()), (name, 9));
        assert_eq!(read.event().info().version(), 3);
    }
    // It is delivered as what it was read as, and written as that.
    let read = decode("versions.seen", 9, &data).expect("it is read");
    let list = std::sync::Arc::new(Read::default());
    let dispatcher = Dispatcher::empty().handler(see).provide_arc(list.clone());
    assert_eq!(dispatcher.build().expect("wired").emit(&read).done(), 1);
    let seen = list.0.lock().expect("no test panics in here").clone();
    assert_eq!(seen, [(7, read.meta().clone())]);
    let written = codec()
        .encode(read.event(), read.meta())
        .expect("it is written");
    assert!(written.contains("\"eventversion\":3"), "{written}");
    // Older ones become it as ever.
    let old = decode("versions.seen", 2, &json!({ "order_id": 7 })).expect("it is read");
    assert!(old.event().is::<Seen>());
}

#[test]
fn what_of_a_newer_version_does_not_fit_is_refused_and_says_that_it_is_newer() {
    let newer = |event: &str, as_version: u32| {
        format!(
            "; it is newer than `{event}`, which reads it as version {as_version}: give this program \
             version 9 before others write it"
        )
    };
    for (event, data, text) in [
        (
            "versions.seen",
            json!({ "order_id": 7, "by": "Robot" }),
            "`data.by`: unknown variant, expected `Clerk` or `Customer`".to_owned()
                + &newer("Seen", 3),
        ),
        (
            "versions.seen",
            json!({ "by": "Clerk" }),
            "`data`: missing field `order_id`".to_owned() + &newer("Seen", 3),
        ),
        (
            "versions.strict",
            json!({ "order_id": 7, "where": "shop" }),
            "`data.where`: unknown field, expected `order_id`".to_owned() + &newer("Strict", 1),
        ),
    ] {
        let expected = format!("`{event}` version 9 does not fit at {text}");
        assert_eq!(refused(event, 9, &data), expected);
    }
}

#[test]
fn what_an_event_keeps_of_a_newer_version_is_written_again() {
    let data = json!({ "order_id": 7, "where": { "shop": 3 } });
    let read = decode("versions.kept", 2, &data).expect("it is read");
    let written = codec()
        .encode(read.event(), read.meta())
        .expect("it is written");
    let written: Value = serde_json::from_str(&written).expect("JSON");
    assert_eq!(
        (&written["data"], &written["eventversion"]),
        (&data, &json!(1))
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_version_is_read_if_it_is_known_or_newer_than_what_reads_newer_ones(
        version in prop_oneof![0_u32..12, 0..=i32::MAX.unsigned_abs()],
    ) {
        let data = json!({ "order_id": 7, "by": "Clerk", "note": "", "lines": [] });
        let is_read = |event| {
            let read = decode(event, version, &data);
            prop_assert!(read.as_ref().map_or(true, |it| it.version() == version));
            if let Err(error) = &read {
                let is_unknown = matches!(error, DecodeError::UnknownVersion { .. });
                prop_assert!(is_unknown, "{}", error);
            }
            Ok(read.is_ok())
        };
        prop_assert_eq!(is_read("versions.order_placed")?, (1..=2).contains(&version));
        prop_assert_eq!(is_read("versions.sent")?, version == 4);
        prop_assert_eq!(is_read("versions.seen")?, version >= 2);
        prop_assert_eq!(is_read("versions.noticed")?, version >= 2);
        prop_assert_eq!(is_read("versions.spotted")?, version == 2);
        prop_assert_eq!(is_read("versions.kept")?, version >= 1);
    }
}
