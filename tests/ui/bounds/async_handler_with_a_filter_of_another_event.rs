#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
struct UserSignedUp;

fn is_new(event: &UserSignedUp) -> bool {
    true
}

#[handler(filter = is_new)]
async fn count_sales(event: &OrderPlaced) {}

fn main() {}
