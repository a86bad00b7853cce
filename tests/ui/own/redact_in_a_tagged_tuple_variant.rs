#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.user_signed_up", wire)]
#[serde(tag = "by")]
enum UserSignedUp {
    ByEmail(#[event(redact)] Email),
    ByPhone { number: String },
}

#[derive(Serialize, Deserialize)]
struct Email {
    address: String,
}

fn main() {}
