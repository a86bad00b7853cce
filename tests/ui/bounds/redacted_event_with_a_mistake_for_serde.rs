//! serde's derive reads the attributes twice, and says what is wrong once.

#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.user_signed_up", wire)]
struct UserSignedUp {
    #[serde(default = 3)]
    name: String,
    #[event(redact)]
    email: String,
}

fn main() {}
