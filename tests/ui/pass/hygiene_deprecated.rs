//! Deprecated handlers, events and fields warn where they are used, not in generated code.

#![deny(warnings)]

use event_core::queue::Queue;
use event_core::{Dispatcher, Event, handler, handlers};

#[deprecated]
#[derive(Event)]
struct Old {
    #[deprecated]
    field: u8,
}

#[handler]
#[deprecated]
#[allow(deprecated)]
fn above(_: &Old) {}

#[deprecated]
#[handler]
#[allow(deprecated)]
fn below(_: &Old) {}

#[handler]
#[deprecated]
#[allow(deprecated)]
async fn asynchronous(_: &Old) {}

#[deprecated]
static MAIL: Queue = Queue::new("mail");

#[handler(queue = MAIL)]
#[allow(deprecated)]
fn queued(_: &Old) {}

#[derive(Event)]
#[event(key = number)]
struct Keyed {
    #[deprecated]
    number: u8,
}

struct Mailer;

#[handlers]
impl Mailer {
    #[deprecated]
    #[handler]
    #[allow(deprecated)]
    fn send(&self, _: &Old) {}

    #[deprecated]
    #[handler]
    #[allow(deprecated)]
    async fn send_later(&self, _: &Old) {}
}

#[allow(deprecated)]
fn main() {
    let dispatcher = Dispatcher::builder()
        .without(asynchronous)
        .without(queued)
        .without(Mailer::send_later)
        .provide(Mailer)
        .build()
        .unwrap();
    assert!(Keyed { number: 1 }.lane().is_some());
    assert_eq!(dispatcher.emit(Old { field: 1 }).done(), 3);
}
