#![allow(unused)]

use event_core::queue::Queue;
use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

static MAIL: Queue = Queue::new("mail");

#[handler]
fn reserve_stock(event: &OrderPlaced) {}

#[handler]
fn send_receipt(event: &OrderPlaced) {}

#[handler(queue = MAIL, before = [reserve_stock, send_receipt])]
async fn count_sales(event: &OrderPlaced) {}

fn main() {}
