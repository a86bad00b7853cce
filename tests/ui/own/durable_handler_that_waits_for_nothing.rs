#![allow(unused)]

use event_core::{Event, handler};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.order_placed", durable)]
struct OrderPlaced {
    order_id: u64,
}

struct Tx<'c>(&'c mut u8);

#[handler(durable, id = "billing.charge")]
fn charge(event: &OrderPlaced, tx: &mut Tx<'_>) -> Result<(), String> {
    Ok(())
}

#[handler(durable, id = "billing.refund")]
async fn refund(event: &OrderPlaced, currency: &String, tx: &mut Tx<'_>) -> Result<(), String> {
    Ok(())
}

#[handler(before_commit)]
async fn check(event: &OrderPlaced, tx: &mut Tx<'_>, other: &mut String) -> Result<(), String> {
    Ok(())
}

fn main() {}
