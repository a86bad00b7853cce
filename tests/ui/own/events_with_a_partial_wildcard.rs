#![allow(unused)]

use event_core::{AnyEvent, handler};

#[handler(events = "shop.order_*")]
fn audit(event: &dyn AnyEvent) {}

fn main() {}
