#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.user_signed_up", wire)]
struct UserSignedUp {
    #[event(redact)]
    #[serde(flatten)]
    address: Address,
}

#[derive(Debug, Serialize, Deserialize)]
struct Address {
    city: String,
}

fn main() {}
