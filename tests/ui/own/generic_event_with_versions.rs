#![allow(unused)]

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(alias = "shop.saved", previous = OldSave, superseded)]
#[event(no_previous, reads_newer)]
struct PostSave<T> {
    saved: T,
}

fn main() {}
