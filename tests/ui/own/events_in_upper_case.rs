#![allow(unused)]

use event_core::{AnyEvent, handler};

#[handler(events = "Shop.*")]
fn audit(event: &dyn AnyEvent) {}

fn main() {}
