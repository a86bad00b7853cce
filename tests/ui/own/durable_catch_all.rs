#![allow(unused)]

use event_core::{AnyEvent, handler};

#[handler(durable, id = "audit.write", events = "shop.*")]
async fn write(event: &dyn AnyEvent) -> Result<(), String> {
    Ok(())
}

fn main() {}
