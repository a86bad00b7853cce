//! The schemas of events, with every way in which serde writes an enum, and every other name: serde itself
//! says what is read.

use event_catalog::Catalog;
use event_catalog::compat::{self, Contract, Direction};
use event_catalog::schema::Schemas;
use event_core::{AnyEvent, Event};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shapes.plain", wire, schema)]
#[serde(rename_all = "camelCase")]
struct Plain {
    #[serde(alias = "number", alias = "no")]
    order_id: u64,
    #[serde(default, alias = "extra")]
    anything: Value,
    #[serde(rename(serialize = "out", deserialize = "in"), alias = "IN")]
    both: Option<Part>,
    #[serde(skip)]
    unseen: u8,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct Part {
    count: u8,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shapes.strict", wire, schema)]
#[serde(deny_unknown_fields)]
struct Strict {
    #[serde(alias = "b")]
    a: u8,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shapes.external", wire, schema)]
enum External {
    #[serde(alias = "Nil")]
    Nothing,
    /// It is described, and so alone in its member.
    #[serde(alias = "Zero")]
    Documented,
    #[serde(alias = "Sent")]
    Shipped {
        #[serde(alias = "q")]
        count: u8,
    },
    Whole(Part),
    #[serde(other)]
    Other,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shapes.units", wire, schema)]
#[serde(rename_all = "lowercase")]
enum Units {
    First,
    #[serde(alias = "2nd")]
    Second,
    #[serde(other)]
    Other,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shapes.internal", wire, schema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Internal {
    Nothing,
    #[serde(alias = "sent")]
    Shipped {
        #[serde(alias = "q")]
        count: u8,
    },
    Whole(Part),
    #[serde(other)]
    Other,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shapes.adjacent", wire, schema)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    #[serde(alias = "Sent")]
    Shipped {
        #[serde(alias = "q")]
        count: u8,
    },
    Whole(Part),
    #[serde(other)]
    Other,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shapes.untagged", wire, schema)]
#[serde(untagged)]
enum Untagged {
    Shipped { count: u8 },
    Text(String),
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shapes.newtype", wire, schema)]
struct Newtype(Value);

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shapes.undescribed", wire)]
struct Undescribed {
    id: u64,
}

fn schemas<E: Event>() -> Schemas {
    let catalog = Catalog::linked().with_schemas();
    let event = catalog.find(E::INFO.name()).expect("it is linked");
    assert!(event.has_schema);
    event.schemas.clone().expect("it has the key `schema`")
}

/// Checks that the schema of what is read has just those values that serde reads.
#[track_caller]
fn check<E: Event + DeserializeOwned>(values: &[Value]) {
    let schemas = schemas::<E>();
    let mut counts = [0, 0];
    for value in values {
        let only = json!({"const": value});
        let written = Contract {
            writer: &only,
            reader: &only,
        };
        let mut breaks = compat::compare(written, schemas.contract());
        breaks.retain(|found| found.direction() == Direction::Backward);
        let is_read = serde_json::from_value::<E>(value.clone()).is_ok();
        counts[usize::from(is_read)] += 1;
        assert_eq!(
            breaks.is_empty(),
            is_read,
            "serde {} {value}; {breaks:?}, by {}",
            if is_read { "reads" } else { "refuses" },
            schemas.reader
        );
    }
    assert!(
        counts.iter().all(|count| *count > 0) || values.len() < 2,
        "some are read and some are refused: {counts:?}"
    );
}

#[test]
fn a_field_is_read_under_each_of_its_names() {
    check::<Plain>(&[
        json!({"orderId": 1}),
        json!({"number": 1, "anything": [], "in": null}),
        json!({"no": 1, "extra": {}, "IN": {"count": 2}}),
        json!({"no": 1, "number": 1}),
        json!({"order_id": 1}),
        json!({"no": "1"}),
        json!({"no": 1, "IN": {"count": 256}}),
        json!({"unseen": 1}),
    ]);
    check::<Strict>(&[
        json!({"a": 1}),
        json!({"b": 1}),
        json!({"c": 1}),
        json!({"a": 1, "c": 1}),
    ]);
}

#[test]
fn a_variant_is_read_by_each_of_its_names_and_the_other_one_by_any() {
    check::<External>(&[
        json!("Nothing"),
        json!("Nil"),
        json!("Documented"),
        json!("Zero"),
        json!("Shipped"),
        json!({"Shipped": {"count": 1}}),
        json!({"Sent": {"q": 1}}),
        json!({"Sent": {"p": 1}}),
        json!({"Whole": {"count": 1}}),
        json!("Other"),
        json!("Unheard"),
        json!({"Unheard": {"count": 1}}),
    ]);
    check::<Units>(&[
        json!("first"),
        json!("second"),
        json!("2nd"),
        json!("3rd"),
        json!(3),
    ]);
    check::<Internal>(&[
        json!({"type": "nothing"}),
        json!({"type": "shipped", "count": 1}),
        json!({"type": "sent", "q": 1}),
        json!({"type": "sent", "q": "1"}),
        json!({"type": "shipped"}),
        json!({"type": "whole", "count": 1}),
        json!({"type": "whole", "count": 1000}),
        json!({"type": "unheard", "count": "x"}),
        json!({"type": 1}),
    ]);
    check::<Adjacent>(&[
        json!({"t": "Shipped", "c": {"count": 1}}),
        json!({"t": "Sent", "c": {"q": 1}}),
        json!({"t": "Sent", "c": {}}),
        json!({"t": "Sent"}),
        json!({"t": "Whole", "c": {"count": 1}}),
        json!({"t": "Unheard"}),
        json!({"t": "Unheard", "c": null}),
        json!({"t": "Unheard", "c": {"count": 1}}),
        json!({"c": {"count": 1}}),
    ]);
    check::<Untagged>(&[json!({"count": 1}), json!("x"), json!(1)]);
}

#[test]
fn a_newtype_over_any_value_reads_any() {
    check::<Newtype>(&[json!({"a": [1, null]})]);
}

#[test]
fn the_sample_of_an_event_is_read_by_serde() {
    fn check<E: Event + DeserializeOwned>() {
        let sample = schemas::<E>().sample().expect("a sample is known");
        let event: E = serde_json::from_value(sample.clone())
            .unwrap_or_else(|error| panic!("{sample}: {error}"));
        drop(event);
    }
    check::<Strict>();
    check::<External>();
    check::<Units>();
    check::<Internal>();
    check::<Adjacent>();
    check::<Untagged>();
    check::<Newtype>();
}

#[test]
fn an_event_without_the_key_has_no_schema() {
    let catalog = Catalog::linked().with_schemas();
    let event = catalog.find("shapes.undescribed").expect("it is linked");
    assert!(!event.has_schema && event.schemas.is_none());
    let event = Undescribed { id: 7 };
    assert_eq!(
        (&event as &dyn AnyEvent).json().expect("it is wire")["id"],
        event.id
    );
}
