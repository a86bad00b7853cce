//! Deprecated handlers, events and fields warn where they are used, not in generated code.

#![deny(warnings)]

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

struct Mailer;

#[handlers]
impl Mailer {
    #[deprecated]
    #[handler]
    #[allow(deprecated)]
    fn send(&self, _: &Old) {}
}

#[allow(deprecated)]
fn main() {
    let dispatcher = Dispatcher::builder().provide(Mailer).build().unwrap();
    assert_eq!(dispatcher.emit(Old { field: 1 }).done(), 3);
}
