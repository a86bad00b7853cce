#![allow(unused)]

use event_core::{AnyEvent, handler};

#[handler(events = "**.order_placed")]
fn audit(event: &dyn AnyEvent) {}

fn main() {}
