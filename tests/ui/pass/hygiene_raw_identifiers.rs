//! Raw identifiers everywhere.

#![deny(warnings)]

use event_core::{AnyEvent, Dispatcher, Event, handler, handlers};

#[derive(Event)]
#[allow(non_camel_case_types)]
#[event(key = r#type)]
struct r#struct {
    r#type: u8,
}

#[handler]
fn r#async(r#fn: &r#struct) {
    assert_eq!(r#fn.r#type, 7);
}

#[handler(after = r#async, filter = r#match)]
fn r#await(_: &r#struct, r#dyn: &u64) {
    assert_eq!(*r#dyn, 9);
}

fn r#match(event: &r#struct) -> bool {
    event.r#type == 7
}

struct Mailer;

#[handlers]
impl Mailer {
    #[handler(after = r#await)]
    fn r#move(&self, _: &r#struct) {}
}

fn main() {
    let dispatcher = Dispatcher::builder()
        .provide(9_u64)
        .provide(Mailer)
        .build()
        .unwrap();
    let event: &dyn AnyEvent = &r#struct { r#type: 7 };
    assert_eq!(format!("{event:?}"), "struct { type: 7 }");
    assert_eq!(dispatcher.emit(r#struct { r#type: 7 }).done(), 3);
}
