#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.user_signed_up", wire)]
struct UserSignedUp {
    seen: Instant,
    #[event(redact)]
    email: String,
}

#[derive(Debug, Deserialize)]
struct Instant;

fn main() {}
