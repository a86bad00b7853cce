#![allow(unused)]

use event_core::{AnyEvent, handler};

#[handler(events = shop)]
fn audit(event: &dyn AnyEvent) {}

fn main() {}
