//! Where deliveries of queues run, how many at once, in which order, and how they are counted.

mod consumers;
mod control;
mod deadlocks;
mod endings;
mod kinds;
mod lanes;
mod local;
mod overflow;

use std::time::Duration;

use event_core::Event;

const LONG: Duration = Duration::from_mins(1);

#[derive(Event)]
struct Job(u32);

#[derive(Event)]
struct Caused;
