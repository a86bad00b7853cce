#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Clone)]
#[event(name = "shop.user_signed_up", wire)]
#[serde(into = "Written")]
struct UserSignedUp {
    #[event(redact)]
    email: String,
}

#[derive(Serialize)]
struct Written {
    mail: String,
}

impl From<UserSignedUp> for Written {
    fn from(event: UserSignedUp) -> Self {
        Self { mail: event.email }
    }
}

fn main() {}
