#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(alias = "shop.saved", previous = OldSave, superseded)]
struct PostSave<T> {
    saved: T,
}

fn main() {}
