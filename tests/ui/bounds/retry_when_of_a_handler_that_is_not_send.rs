#![allow(unused)]

use event_core::queue::{LocalQueue, Queue};
use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

fn is_temporary(error: &String) -> bool {
    true
}

#[handler(retry(when = is_temporary))]
async fn notify(event: &OrderPlaced) -> Result<(), String> {
    let here = std::rc::Rc::new(7);
    std::future::ready(()).await;
    drop(here);
    Ok(())
}

fn main() {}
