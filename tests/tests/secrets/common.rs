//! What random events are made of, and what is asked of each. It is compiled as a part of the program
//! that holds the events.

pub use std::collections::BTreeMap;

pub use event_core::event::Redacted;
pub use event_core::{AnyEvent, Event};
pub use serde::{Deserialize, Serialize};

use event_core::wire::{Codec, DecodeError};
use event_core::{Dispatcher, Meta};
use serde_json::{Value, json};

pub const NUMBER: u64 = 98_123_456_701;

pub fn secret() -> String {
    "s3cr3t".to_owned()
}

pub fn text(text: &str) -> String {
    text.to_owned()
}

pub fn map(value: u8) -> BTreeMap<String, u8> {
    BTreeMap::from([("entry".to_owned(), value)])
}

pub fn numbers() -> BTreeMap<String, u64> {
    BTreeMap::from([(secret(), NUMBER)])
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Plain {
    pub x: u8,
}

#[derive(Event, Clone, Default, Serialize, Deserialize)]
#[event(name = "secrets.login", wire)]
pub struct Login {
    name: String,
    #[event(redact)]
    #[serde(default)]
    password: String,
    #[event(redact)]
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pin: Option<u64>,
}

pub fn login() -> Login {
    Login {
        name: text("ada"),
        password: secret(),
        pin: Some(NUMBER),
    }
}

pub fn logins() -> BTreeMap<String, Login> {
    BTreeMap::from([("one".to_owned(), login()), ("two".to_owned(), login())])
}

/// No event, with one inside.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Session {
    #[serde(flatten)]
    login: Login,
    before: Vec<Login>,
}

pub fn session() -> Session {
    Session {
        login: login(),
        before: vec![login(), login()],
    }
}

/// Whose secrets are read by what says what it was given, and under names of their own.
#[derive(Event, Clone, Default, Serialize, Deserialize)]
#[event(name = "secrets.answered", wire)]
pub struct Answered {
    #[event(redact)]
    answers: BTreeMap<String, u64>,
    #[event(redact)]
    loud: Loud,
}

pub fn answered() -> Answered {
    Answered {
        answers: numbers(),
        loud: Loud(secret()),
    }
}

#[derive(Event, Clone, Default, Serialize, Deserialize)]
#[event(name = "secrets.token", wire)]
pub struct Token(#[event(redact)] pub String);

#[derive(Event, Clone, Serialize, Deserialize)]
#[event(name = "secrets.contact", wire)]
pub enum Contact {
    Number(#[event(redact)] u64),
    Both(u8, #[event(redact)] String),
    #[serde(untagged)]
    Mail {
        #[event(redact)]
        mail: String,
    },
}

pub fn contacts() -> Vec<Contact> {
    vec![
        Contact::Number(NUMBER),
        Contact::Both(1, secret()),
        Contact::Mail { mail: secret() },
    ]
}

#[derive(Event, Clone, Default, Serialize, Deserialize)]
#[event(name = "secrets.chain", wire)]
pub struct Chain {
    #[event(redact)]
    link: String,
    next: Option<Box<Self>>,
}

pub fn chain() -> Chain {
    let next = Chain {
        link: secret(),
        next: None,
    };
    Chain {
        link: secret(),
        next: Some(next.into()),
    }
}

/// Whose `Deserialize` says what it was given.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct Loud(pub String);

impl TryFrom<Value> for Loud {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) if text.len() < 7 => Ok(Self(text)),
            other => Err(format!(
                "invalid length of {other}, missing field `{other}`"
            )),
        }
    }
}

/// Without a `Serialize`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Foreign(pub String);

pub mod foreign {
    use super::{Deserialize, Foreign};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &Foreign, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&value.0)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Foreign, D::Error> {
        String::deserialize(d).map(Foreign)
    }
}

/// A value in a list of one.
pub mod wrapped {
    use super::{Deserialize, Serialize};
    use serde::{Deserializer, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(value: &T, s: S) -> Result<S::Ok, S::Error> {
        (value,).serialize(s)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        d: D,
    ) -> Result<T, D::Error> {
        <(T,)>::deserialize(d).map(|(value,)| value)
    }
}

pub fn never<T>(_: &T) -> bool {
    false
}

pub fn always<T>(_: &T) -> bool {
    true
}

/// What was seen of all events.
#[derive(Default)]
pub struct Seen {
    pub events: usize,
    /// Whose own JSON has a secret in it.
    pub with_secrets: usize,
    /// Of which nothing is shown.
    pub hidden: usize,
    /// Whose masked JSON is an error.
    pub errors: usize,
    /// Errors of reading one of them.
    pub refused: usize,
}

fn has_secret(text: &str) -> bool {
    text.contains("s3cr3t") || text.contains("98123456701")
}

fn codec() -> Codec {
    Codec::new("/secrets").expect("a source")
}

fn meta() -> Meta {
    let envelope = r#"{"specversion":"1.0","id":"018f2f3c-1111-7000-8000-000000000000","source":"/",
        "type":"secrets.token","data":"x"}"#;
    let read = codec().decode(envelope.as_bytes()).expect("it is read");
    read.meta().clone()
}

/// `may_hide`: nothing at all may be shown, since a secret is all there is, or one is not written.
/// `is_shifted`: a secret may be read as what is none.
pub fn check_event<E: Event + Serialize>(
    event: E,
    is_derived: bool,
    may_hide: bool,
    is_shifted: bool,
    seen: &mut Seen,
) {
    let name = E::INFO.name();
    seen.events += 1;
    let event: &dyn AnyEvent = &event;
    let debug = format!("{event:?} {event:#?}");
    assert!(!has_secret(&debug), "{name}: {debug}");
    let raw = serde_json::to_value(event.downcast_ref::<E>().expect("it is one"));
    match event.json() {
        Ok(masked) => {
            let text = masked.to_string();
            assert!(!has_secret(&text), "{name}: {text}");
            if masked == "[redacted]" {
                seen.hidden += 1;
                assert!(may_hide, "{name}: {raw:?}");
            }
            if let (Ok(raw), true) = (&raw, is_derived) {
                only_secrets_differ(name, raw, &masked);
            }
        }
        Err(error) => {
            seen.errors += 1;
            let text = all_of(&error);
            assert!(!has_secret(&text), "{name}: {text}");
            assert!(raw.is_err() || !is_derived, "{name}: {text}");
        }
    }
    let Ok(written) = codec().encode(event, &meta()) else {
        return;
    };
    if raw.is_ok_and(|raw| has_secret(&raw.to_string())) {
        seen.with_secrets += 1;
    }
    if is_shifted {
        return;
    }
    let envelope: Value = serde_json::from_str(&written).expect("it is JSON");
    let mut pointers = Vec::new();
    secrets(&envelope["data"], "/data", &mut pointers);
    for pointer in pointers {
        for wrong in [
            json!(NUMBER),
            json!([secret(), NUMBER]),
            json!({ "s3cr3t": { "s3cr3t": NUMBER } }),
            json!("s3cr3t s3cr3t"),
        ] {
            let mut broken = envelope.clone();
            *broken.pointer_mut(&pointer).expect("it is there") = wrong;
            if let Err(error) = codec().decode(broken.to_string().as_bytes()) {
                seen.refused += 1;
                let text = all_of(&error);
                assert!(!has_secret(&text), "{name} {pointer}: {text}");
                assert!(matches!(error, DecodeError::Data { .. }), "{name}: {text}");
            }
        }
    }
}

fn all_of(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(" {error} {error:?}");
        source = error.source();
    }
    text
}

/// Masked JSON has a mask where the event's own has secrets, and is the same everywhere else.
fn only_secrets_differ(name: &str, raw: &Value, masked: &Value) {
    match (raw, masked) {
        (Value::Object(raw), Value::Object(masked)) if raw.keys().eq(masked.keys()) => {
            for (key, raw) in raw {
                only_secrets_differ(name, raw, &masked[key]);
            }
        }
        (Value::Array(raw), Value::Array(masked)) if raw.len() == masked.len() => {
            for (raw, masked) in raw.iter().zip(masked) {
                only_secrets_differ(name, raw, masked);
            }
        }
        _ if masked == "[redacted]" => {}
        _ => assert_eq!(raw, masked, "{name}"),
    }
}

/// Pointers to the innermost values that show a secret.
fn secrets(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let before = found.len();
    match value {
        Value::Object(all) => {
            for (key, inner) in all {
                let step = key.replace('~', "~0").replace('/', "~1");
                if !has_secret(key) {
                    secrets(inner, &format!("{pointer}/{step}"), found);
                }
            }
        }
        Value::Array(all) => {
            for (at, inner) in all.iter().enumerate() {
                secrets(inner, &format!("{pointer}/{at}"), found);
            }
        }
        _ => {}
    }
    if found.len() == before && has_secret(&value.to_string()) {
        found.push(pointer.to_owned());
    }
}

/// A key as an envelope shows it.
pub fn key_text<K: Serialize>(key: &K) -> Option<String> {
    match serde_json::to_value(key).expect("it is JSON") {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// The second event differs from the first in all but the key, the third in the key alone.
pub fn check_key<E: Event>(events: [E; 3], texts: [Option<String>; 2]) {
    let name = E::INFO.name();
    let [one, same, other] = events;
    assert_eq!(one.lane(), same.lane(), "{name}");
    assert_ne!(one.lane(), other.lane(), "{name}");
    let key = |event: &E| {
        let written = codec().encode(event, &meta()).expect("it is written");
        let written: Value = serde_json::from_str(&written).expect("it is JSON");
        written
            .get("partitionkey")
            .map(|key| key.as_str().expect("a text").to_owned())
    };
    assert_eq!(
        [key(&one), key(&same), key(&other)],
        [texts[0].clone(), texts[0].clone(), texts[1].clone()],
        "{name}"
    );
}

/// That the program can be wired.
pub fn build() {
    Dispatcher::builder().build().expect("no problem");
}

/// What was seen was worth looking at.
pub fn report(seen: &Seen) {
    println!(
        "{} events, {} with secrets, {} hidden, {} not serializable, {} errors of reading one",
        seen.events, seen.with_secrets, seen.hidden, seen.errors, seen.refused
    );
    assert!(seen.with_secrets * 3 > seen.events && seen.refused > seen.events);
    assert!(seen.hidden * 3 < seen.events && seen.errors * 10 < seen.events);
}
