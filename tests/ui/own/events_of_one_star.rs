#![allow(unused)]

use event_core::{AnyEvent, handler};

#[handler(events = "*")]
fn audit(event: &dyn AnyEvent) {}

fn main() {}
