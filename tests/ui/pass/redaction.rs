//! The good twins of `field_without_debug`, `redact_on_a_flattened_field` and their kind: a
//! redacted field needs no `Debug`, and is masked wherever serde's attributes put it.

use event_core::event::Redacted;
use event_core::{AnyEvent, Event};
use serde::{Deserialize, Serialize};

struct Opaque;

struct Unserialized(String);

#[derive(Event)]
struct NotShown {
    id: u64,
    #[event(redact)]
    secret: Opaque,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.user_signed_up", wire)]
#[serde(rename_all = "camelCase")]
struct UserSignedUp {
    user_id: u64,
    #[event(redact)]
    email_address: String,
    #[event(redact)]
    #[serde(rename = "tel/1")]
    phone: String,
    #[event(redact)]
    #[serde(skip)]
    skipped: String,
    #[event(redact)]
    #[serde(rename(serialize = "out", deserialize = "in"), default)]
    both: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.token", wire)]
struct Token(#[event(redact)] String);

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.pair", wire)]
struct Pair(u64, #[event(redact)] String);

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.payment", wire)]
#[serde(rename_all = "snake_case", rename_all_fields = "UPPERCASE")]
enum Payment {
    ByCard {
        #[event(redact)]
        number: String,
    },
    #[serde(rename_all = "kebab-case")]
    ByBank {
        #[event(redact)]
        bank_account: String,
    },
    InCash(u64, #[event(redact)] String),
    #[serde(rename = "free")]
    OnTheHouse(#[event(redact)] String),
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.contact", wire)]
#[serde(tag = "kind")]
enum Contact {
    Email {
        #[event(redact)]
        address: String,
    },
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.contact_2", wire)]
#[serde(tag = "kind", content = "data")]
enum Adjacent {
    Email {
        #[event(redact)]
        address: String,
    },
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.nested", wire)]
struct Nested {
    inner: Inner,
}

#[derive(Debug, Serialize, Deserialize)]
struct Inner {
    secret: Redacted<String>,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.key_issued", wire)]
#[serde(transparent)]
struct KeyIssued {
    #[event(redact)]
    key: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.either", wire)]
#[serde(untagged)]
enum Either {
    Number(u64, #[event(redact)] String),
    Text(#[event(redact)] String),
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.hashed", wire)]
struct Hashed {
    #[event(redact)]
    #[serde(with = "hashed")]
    secret: Unserialized,
    #[serde(skip_serializing_if = "Self::is_none")]
    next: Option<Box<Self>>,
}

impl Hashed {
    fn is_none<T>(next: &Option<T>) -> bool {
        next.is_none()
    }
}

mod hashed {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Unserialized;

    pub fn serialize<S: Serializer>(it: &Unserialized, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&it.0)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Unserialized, D::Error> {
        String::deserialize(deserializer).map(Unserialized)
    }
}

fn masked<E: Event>(event: E) -> String {
    let event: &dyn AnyEvent = &event;
    let json = event
        .json()
        .map(|json| json.to_string())
        .unwrap_or_default();
    let text = format!("{event:?} {json}");
    assert!(!text.contains("SECRET"), "{text}");
    text
}

fn main() {
    let s = || "SECRET".to_owned();
    assert_eq!(
        masked(NotShown {
            id: 1,
            secret: Opaque
        })
        .trim(),
        "NotShown { id: 1, secret: [redacted] }"
    );
    masked(UserSignedUp {
        user_id: 1,
        email_address: s(),
        phone: s(),
        skipped: s(),
        both: s(),
    });
    masked(Token(s()));
    masked(Pair(1, s()));
    masked(Payment::ByCard { number: s() });
    masked(Payment::ByBank { bank_account: s() });
    masked(Payment::InCash(1, s()));
    masked(Payment::OnTheHouse(s()));
    masked(Contact::Email { address: s() });
    masked(Adjacent::Email { address: s() });
    masked(KeyIssued { key: s() });
    masked(Either::Number(1, s()));
    masked(Either::Text(s()));
    let next = Hashed {
        secret: Unserialized(s()),
        next: None,
    };
    let next = Some(Box::new(next));
    let secret = Unserialized(s());
    masked(Hashed { secret, next });
    let secret = s().into();
    masked(Nested {
        inner: Inner { secret },
    });
    assert!(masked(Contact::Email { address: s() }).contains(r#""kind":"Email""#));
}
