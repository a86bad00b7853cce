//! Spans of emissions and deliveries, as a subscriber of `tracing` is told of them.
//! Apart from other tests, since `tracing` keeps for the whole process whether a subscriber wants a span.

mod ends;
mod told;
mod tree;

use event_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "house.bell_rung", wire)]
struct BellRung;

#[derive(Event)]
#[event(name = "house.door_opened")]
struct DoorOpened;

#[derive(Event)]
#[event(name = "house.guest_entered")]
struct GuestEntered;
