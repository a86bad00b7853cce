#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
fn count_sales(event: &OrderPlaced) -> impl Future<Output = ()> + Send {
    async {}
}

fn main() {}
