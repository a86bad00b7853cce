//! The key of an envelope and the lane of a queue are of one and the same field.

use event_core::wire::Codec;
use event_core::{Event, Meta};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

fn codec() -> Codec {
    Codec::new("/keys").expect("a source")
}

fn meta() -> Meta {
    let input = r#"{"specversion":"1.0","id":"018f2f3c-1111-7000-8000-000000000000","source":"/",
        "type":"key.id","data":1}"#;
    let read = codec().decode(input.as_bytes()).expect("it is read");
    read.meta().clone()
}

fn key(event: &impl Event) -> Option<String> {
    let written = codec().encode(event, &meta()).expect("it is written");
    let written: Value = serde_json::from_str(&written).expect("it is JSON");
    written.get("partitionkey")?.as_str().map(ToOwned::to_owned)
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "key.paid", wire, key = 1)]
struct Paid(
    #[serde(skip_serializing_if = "Option::is_none")] Option<u8>,
    u64,
    u8,
);

#[derive(Event, Serialize, Deserialize)]
#[event(name = "key.id", wire, key = 0)]
struct Id(#[serde(skip)] u64);

/// A field that is flattened has one of the same name.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "key.flat", wire, key = id)]
struct Flat {
    #[serde(flatten)]
    other: Other,
    id: u64,
    #[serde(rename = "id2")]
    last: u8,
}

#[derive(Debug, Serialize, Deserialize)]
struct Other {
    id: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "key.with", wire, key = id)]
struct With {
    #[serde(serialize_with = "in_words")]
    id: u64,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "it is what serde calls it with"
)]
fn in_words<S: Serializer>(id: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format!("number {id}"))
}

/// Its `Serialize` writes another field under the name of the key.
#[derive(Event, Deserialize)]
#[event(name = "key.by_hand", wire, key = id)]
struct ByHand {
    id: u64,
    other: u64,
}

impl Serialize for ByHand {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.other)?;
        map.serialize_entry("key", &self.id)?;
        map.end()
    }
}

#[test]
fn the_key_of_an_envelope_is_the_field_that_is_the_lane() {
    assert_eq!(key(&Paid(None, 7, 9)).as_deref(), Some("7"));
    assert_eq!(key(&Paid(Some(1), 7, 9)).as_deref(), Some("7"));
    assert_eq!(Paid(None, 7, 9).lane(), Paid(Some(1), 7, 8).lane());
    assert_ne!(Paid(None, 7, 9).lane(), Paid(None, 9, 7).lane());
    assert_eq!(Paid::INFO.key_pointer(), None);
    assert_eq!(key(&Id(7)).as_deref(), Some("7"));
    let flat = Flat {
        other: Other { id: 1 },
        id: 7,
        last: 9,
    };
    assert_eq!(key(&flat).as_deref(), Some("7"));
    assert_eq!(key(&With { id: 7 }).as_deref(), Some("number 7"));
    assert_eq!(key(&ByHand { id: 7, other: 9 }).as_deref(), Some("7"));
}
