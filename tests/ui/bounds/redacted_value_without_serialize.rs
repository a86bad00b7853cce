#![allow(unused)]

use event_core::Event;
use event_core::event::Redacted;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.key_issued", wire)]
struct KeyIssued {
    token: Redacted<SecretString>,
}

fn main() {}
