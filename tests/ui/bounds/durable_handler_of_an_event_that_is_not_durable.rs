#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct ItemViewed;

#[handler(durable, id = "views.count")]
async fn count(event: &ItemViewed) -> Result<(), String> {
    Ok(())
}

fn main() {}
