use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced;

struct Mailer;

#[handler]
fn confirm(_event: &OrderPlaced, mailer: Option<Mailer>) {
    drop(mailer);
}

fn main() {}
