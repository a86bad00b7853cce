use std::sync::Arc;

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced;

struct Mailer;

#[handler]
fn confirm(_event: &OrderPlaced, mailer: Arc<Mailer>) {
    drop(mailer);
}

fn main() {}
