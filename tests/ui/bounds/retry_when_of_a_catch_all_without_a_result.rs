#![allow(unused)]

use event_core::{AnyEvent, handler};

fn is_temporary(error: &String) -> bool {
    true
}

#[handler(retry(when = is_temporary))]
async fn audit(event: &dyn AnyEvent) {}

fn main() {}
