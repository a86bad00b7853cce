#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.user_signed_up", wire)]
#[serde(untagged)]
enum UserSignedUp {
    ByEmail(#[event(redact)] String),
    ByPhone { number: String },
}

fn main() {}
