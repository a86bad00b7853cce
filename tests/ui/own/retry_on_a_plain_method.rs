#![allow(unused)]

use event_core::{Event, handlers};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct Mailer;

#[handlers(retry)]
impl Mailer {
    #[handler(retry(attempts = 3))]
    fn confirm(&self, event: &OrderPlaced) -> Result<(), String> {
        Ok(())
    }
}

fn main() {}
