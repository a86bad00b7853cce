//! No error of reading or writing an event shows what is redacted in it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;

use event_core::event::Redacted;
use event_core::wire::Codec;
use event_core::{AnyEvent, Event, Meta};
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

const SECRET: &str = "s3cr3t";

fn secret() -> String {
    SECRET.to_owned()
}

fn codec() -> Codec {
    Codec::new("/redaction").expect("a source")
}

fn envelope(event: &str, data: &Value) -> String {
    json!({
        "specversion": "1.0", "id": "018f2f3c-1111-7000-8000-000000000000", "source": "/",
        "type": event, "data": data,
    })
    .to_string()
}

fn meta() -> Meta {
    let data = json!({ "reasons": {}, "attempts": [] });
    let input = envelope("redaction_errors.sign_up_failed", &data);
    let read = codec().decode(input.as_bytes()).expect("it is read");
    read.meta().clone()
}

/// An error with its causes, in which no secret is; returns what it says, without what to type.
fn told(error: &(dyn Error + 'static)) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, " {cause} {cause:?}");
        source = cause.source();
    }
    assert!(!text.contains(SECRET), "{text}");
    let said = error.to_string();
    let help = said.find("; if its type was changed");
    said[..help.unwrap_or(said.len())].to_owned()
}

/// Whose `Deserialize` says what it was given.
#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
struct Loud(String);

impl TryFrom<String> for Loud {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Err(format!("invalid length of {text}"))
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "redaction_errors.signed_up", wire)]
struct SignedUp {
    names: BTreeMap<String, u64>,
    #[event(redact)]
    #[serde(skip_serializing)]
    password: Option<Loud>,
    #[event(redact)]
    #[serde(alias = "answers", rename(serialize = "out"), default)]
    hints: BTreeMap<String, u64>,
}

#[test]
fn an_error_of_reading_shows_no_secret_under_whatever_name_it_was_read() {
    let refused = |data: Value| {
        let input = envelope("redaction_errors.signed_up", &data);
        told(
            &codec()
                .decode(input.as_bytes())
                .expect_err("it does not fit"),
        )
    };
    let start = "`redaction_errors.signed_up` version 1 does not fit at ";
    let map = || json!({ SECRET: "x" });
    assert_eq!(
        refused(json!({ "names": {}, "password": SECRET })),
        format!(
            "{start}`data.password`: it does not fit; the reason is hidden, since the event has \
             redacted fields"
        )
    );
    for name in ["hints", "answers"] {
        assert_eq!(
            refused(json!({ "names": {}, "password": null, name: map() })),
            format!("{start}`data.{name}`: invalid type: string, expected u64")
        );
    }
    assert_eq!(
        refused(json!({ "names": { "ada": "x" } })),
        format!("{start}`data.names.ada`: invalid type: string, expected u64")
    );
}

/// It has no redacted field of its own.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "redaction_errors.sign_up_failed", wire)]
struct SignUpFailed {
    reasons: BTreeMap<String, u64>,
    #[serde(alias = "tries")]
    attempts: Vec<Option<SignedUp>>,
}

#[test]
fn an_error_of_reading_shows_no_secret_of_an_event_inside() {
    let refused = |data: Value| {
        let input = envelope("redaction_errors.sign_up_failed", &data);
        told(
            &codec()
                .decode(input.as_bytes())
                .expect_err("it does not fit"),
        )
    };
    let start = "`redaction_errors.sign_up_failed` version 1 does not fit at ";
    let hints = json!([{ "names": {}, "password": null, "hints": { SECRET: "x" } }]);
    let password = json!([{ "names": {}, "password": SECRET }]);
    for name in ["attempts", "tries"] {
        assert_eq!(
            refused(json!({ "reasons": {}, name: hints })),
            format!("{start}`data.{name}`: invalid type: string, expected u64")
        );
        assert_eq!(
            refused(json!({ "reasons": {}, name: password })),
            format!(
                "{start}`data.{name}`: it does not fit; the reason is hidden, since the event has \
                 redacted fields"
            )
        );
    }
    assert_eq!(
        refused(json!({ "reasons": { "age": "x" }, "attempts": [] })),
        format!("{start}`data.reasons.age`: invalid type: string, expected u64")
    );
}

#[derive(Event, Deserialize)]
#[event(name = "redaction_errors.unwritable", wire)]
struct Unwritable {
    #[event(redact)]
    password: String,
    token: Redacted<Unwritten>,
}

#[derive(Deserialize)]
struct Unwritten(String);

impl Serialize for Unwritten {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(format!("`{}` is not written", self.0)))
    }
}

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.token.serialize(serializer)?;
        Err(S::Error::custom(format!(
            "`{}` is not written",
            self.password
        )))
    }
}

/// It redacts no field of its own.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "redaction_errors.unwritable_inside", wire)]
struct UnwritableInside {
    token: Redacted<Unwritten>,
}

#[test]
fn an_error_of_writing_shows_no_secret() {
    let token = || Redacted::new(Unwritten(secret()));
    let event = Unwritable {
        password: secret(),
        token: token(),
    };
    told(&codec().encode(&event, &meta()).expect_err("it fails"));
    let shown: &dyn AnyEvent = &event;
    let masked = json!({ "password": "[redacted]", "token": "[redacted]" });
    assert_eq!(shown.json().expect("it is wire"), masked);
    let inside = UnwritableInside { token: token() };
    told(&codec().encode(&inside, &meta()).expect_err("it fails"));
}
