//! What is redacted is masked wherever an event is shown, whatever serde's attributes or a `Serialize`
//! by hand make of it; `secrets` asks the same of random types.

use std::collections::BTreeMap;

use event_core::event::Redacted;
use event_core::wire::Codec;
use event_core::{AnyEvent, Event, Meta};
use secrecy::{ExposeSecret, SecretString};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

const SECRET: &str = "s3cr3t";

fn secret() -> String {
    SECRET.to_owned()
}

/// The JSON that catch-alls see; no secret is in it, and none in the `Debug`.
fn shown(event: &impl Event) -> Value {
    let event: &dyn AnyEvent = event;
    let json = event.json().expect("it is wire and serializes");
    let text = format!("{json} {event:?} {event:#?}");
    assert!(!text.contains(SECRET), "{text}");
    json
}

fn codec() -> Codec {
    Codec::new("/redaction").expect("a source")
}

fn meta() -> Meta {
    let input = r#"{"specversion":"1.0","id":"018f2f3c-1111-7000-8000-000000000000","source":"/",
        "type":"redaction.token","data":"x"}"#;
    let read = codec().decode(input.as_bytes()).expect("it is read");
    read.meta().clone()
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "redaction.contact", wire)]
enum Contact {
    Number {
        #[event(redact)]
        number: String,
    },
    #[serde(untagged)]
    Mail {
        #[event(redact)]
        mail: String,
    },
    #[serde(untagged)]
    Other(#[event(redact)] String),
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "redaction.token", wire)]
struct Token(
    #[event(redact)]
    #[serde(skip)]
    String,
);

#[derive(Event, Serialize, Deserialize)]
#[event(name = "redaction.written_token", wire)]
struct WrittenToken(
    #[event(redact)]
    #[serde(skip_serializing)]
    String,
);

#[derive(Event, Serialize, Deserialize)]
#[event(name = "redaction.shifted", wire)]
struct Shifted(
    #[serde(skip_serializing_if = "Option::is_none")] Option<u8>,
    #[event(redact)] String,
);

#[derive(Event, Serialize, Deserialize)]
#[event(name = "redaction.transparent", wire)]
#[serde(transparent)]
struct Transparent {
    #[event(redact)]
    secret: String,
}

#[test]
fn a_redacted_field_is_masked_wherever_serdes_attributes_put_it() {
    let mail = Contact::Mail { mail: secret() };
    assert_eq!(shown(&mail), json!({ "mail": "[redacted]" }));
    let number = Contact::Number { number: secret() };
    assert_eq!(
        shown(&number),
        json!({ "Number": { "number": "[redacted]" } })
    );
    assert_eq!(shown(&Contact::Other(secret())), "[redacted]");
    assert_eq!(shown(&Token(secret())), "[redacted]");
    assert_eq!(shown(&WrittenToken(secret())), "[redacted]");
    assert_eq!(shown(&Shifted(None, secret())), json!(["[redacted]"]));
    assert_eq!(shown(&Shifted(Some(1), secret())), json!([1, "[redacted]"]));
    let transparent = Transparent { secret: secret() };
    assert_eq!(shown(&transparent), "[redacted]");
}

/// Its `Serialize` writes the secret under another name, and again inside of a text.
#[derive(Event, Deserialize)]
#[event(name = "redaction.by_hand", wire)]
struct ByHand {
    name: String,
    #[event(redact)]
    password: String,
}

impl Serialize for ByHand {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("pass-word", &self.password)?;
        map.serialize_entry("login", &format!("{}:{}", self.name, self.password))?;
        map.end()
    }
}

#[test]
fn a_serialize_by_hand_shows_no_secret() {
    let name = "ada".to_owned();
    let event = ByHand {
        name,
        password: secret(),
    };
    assert_eq!(
        shown(&event),
        json!({ "name": "ada", "password": "[redacted]" })
    );
}

/// Events with secrets inside of others, and of what is no event.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "redaction.order_failed", wire)]
struct OrderFailed {
    reason: String,
    order: Option<Box<Order>>,
    others: Vec<Order>,
    case: Case,
    #[serde(flatten)]
    last: Order,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "redaction.order", wire)]
struct Order {
    id: u64,
    #[event(redact)]
    card: String,
    replaces: Option<Box<Self>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Case {
    by_id: BTreeMap<u64, Order>,
}

fn order(id: u64) -> Order {
    let replaces = (id > 1).then(|| order(id - 1).into());
    Order {
        id,
        card: secret(),
        replaces,
    }
}

#[test]
fn an_event_inside_of_another_is_masked_as_it_is_alone() {
    let event = OrderFailed {
        reason: "no money".to_owned(),
        order: Some(order(2).into()),
        others: vec![order(1), order(1)],
        case: Case {
            by_id: BTreeMap::from([(1, order(1))]),
        },
        last: order(2),
    };
    let one = json!({ "id": 1, "card": "[redacted]", "replaces": null });
    let two = json!({ "id": 2, "card": "[redacted]", "replaces": one });
    let masked = json!({
        "reason": "no money", "order": two, "others": [one, one], "case": { "by_id": { "1": one } },
        "id": 2, "card": "[redacted]", "replaces": one,
    });
    assert_eq!(shown(&event), masked);
}

/// Holds an event that is not written as its fields.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "redaction.holder", wire)]
struct Holder {
    id: u64,
    #[serde(serialize_with = "as_text")]
    order: Order,
}

fn as_text<S: Serializer>(order: &Order, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format!("{} paid with {}", order.id, order.card))
}

#[test]
fn nothing_is_shown_of_an_event_whose_secrets_are_written_in_another_way() {
    let holder = Holder {
        id: 7,
        order: order(1),
    };
    assert_eq!(shown(&holder), "[redacted]");
}

/// What the message of a `Redacted<SecretString>` says to write.
#[derive(Deserialize)]
struct ApiToken(SecretString);

impl Serialize for ApiToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "redaction.key_issued", wire)]
struct KeyIssued {
    owner: String,
    token: Redacted<ApiToken>,
    #[event(redact)]
    #[serde(serialize_with = "exposed")]
    spare: SecretString,
    #[event(redact)]
    #[serde(skip)]
    kept: SecretString,
}

fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

#[test]
fn a_type_that_does_not_serialize_itself_can_be_redacted() {
    let event = KeyIssued {
        owner: "ada".to_owned(),
        token: ApiToken(secret().into()).into(),
        spare: secret().into(),
        kept: secret().into(),
    };
    let masked = json!({ "owner": "ada", "token": "[redacted]", "spare": "[redacted]" });
    assert_eq!(shown(&event), masked);
    let written = codec().encode(&event, &meta()).expect("it is written");
    let read = codec().decode(written.as_bytes()).expect("it is read");
    let read: &KeyIssued = read.event().downcast_ref().expect("the event");
    assert_eq!(read.token.expose().0.expose_secret(), SECRET);
    assert_eq!(read.spare.expose_secret(), SECRET);
}

/// The message of a value that does not serialize itself shows code; a case that must compile has it.
#[test]
fn the_code_that_a_message_shows_is_compiled() {
    let message = include_str!("../../../ui/bounds/redacted_value_without_serialize.stderr");
    let compiled = include_str!("../../../ui/pass/redacted_value_that_does_not_serialize.rs");
    let note = message.split_once("= note: redact a type around it");
    let (_, note) = note.expect("the note");
    let code = note.lines().skip(2);
    let code: Vec<_> = code
        .take_while(|line| !line.contains("and give the field"))
        .collect();
    let indent = code[0].len() - code[0].trim_start().len();
    let code = code
        .iter()
        .map(|line| line.get(indent..).unwrap_or_default());
    let code = code.collect::<Vec<_>>().join("\n");
    assert!(code.contains("impl serde::Serialize for Secret"), "{code}");
    assert!(compiled.contains(code.trim()), "{code}");
}
