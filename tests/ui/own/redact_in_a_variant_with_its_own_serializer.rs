#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize, Serializer};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.user_signed_up", wire)]
enum UserSignedUp {
    #[serde(serialize_with = "in_upper_case")]
    ByEmail(#[event(redact)] String),
}

fn in_upper_case<S: Serializer>(email: &String, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&email.to_uppercase())
}

fn main() {}
