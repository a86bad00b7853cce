//! The good twin of `redacted_value_without_serialize`: the code that its message shows.

use event_core::event::Redacted;
use event_core::{AnyEvent, Event};
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.key_issued", wire)]
struct KeyIssued {
    token: Redacted<Secret>,
}

#[derive(serde::Deserialize)]
struct Secret(SecretBox<str>);

impl serde::Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.expose_secret().serialize(serializer)
    }
}

fn main() {
    let token = Secret(SecretBox::from("SECRET")).into();
    let event = KeyIssued { token };
    let raw = serde_json::to_string(&event).unwrap();
    assert_eq!(raw, r#"{"token":"SECRET"}"#);
    let event: &dyn AnyEvent = &event;
    let masked = event.json().unwrap().to_string();
    assert_eq!(masked, r#"{"token":"[redacted]"}"#);
}
