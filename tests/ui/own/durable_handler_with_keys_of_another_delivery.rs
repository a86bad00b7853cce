#![allow(unused)]

use event_core::queue::Queue;
use event_core::{Event, handler};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", durable)]
struct OrderPlaced {
    order_id: u64,
}

static MAIL: Queue = Queue::new("mail");

#[handler]
fn count(event: &OrderPlaced) {}

#[handler]
fn show(event: &OrderPlaced) {}

#[handler(
    durable,
    id = "billing.charge",
    queue = MAIL,
    after = count,
    before = show,
    priority = 3,
    retry(ordered),
    before_commit
)]
async fn charge(event: &OrderPlaced) -> Result<(), String> {
    Ok(())
}

fn main() {}
