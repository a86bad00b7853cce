#![allow(unused)]

use event_core::{Event, handler, handlers};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
#[cfg_attr(all(), handler(priority = 3))]
#[cfg_attr(any(), handler(priority = 4))]
fn count_sales(event: &OrderPlaced) {}

struct Mailer;

#[handlers]
impl Mailer {
    #[cfg_attr(all(), handler(priority = 3))]
    #[cfg_attr(not(any()), handler(priority = 4), inline)]
    fn confirm(&self, event: &OrderPlaced) {}
}

fn main() {}
