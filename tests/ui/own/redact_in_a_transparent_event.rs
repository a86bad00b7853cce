#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.user_signed_up", wire)]
#[serde(transparent)]
struct UserSignedUp {
    #[event(redact)]
    email: String,
}

fn main() {}
